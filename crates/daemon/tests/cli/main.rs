//! The command line as its user meets it: exit codes and first sentences, signals, full disks.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod doctor;
mod full_disk;
mod ledger;
mod logs;
mod signals;
mod surroundings;
mod wrong_input;
