//! The driver on simulated chips: what it reads, what it loses, and how it comes back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bring_up;
mod faults;
mod hal;
mod pins;
mod running;
mod self_test;
mod signals;
mod soak;
mod support;
