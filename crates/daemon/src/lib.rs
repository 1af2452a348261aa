//! The eegd daemon as a library, so that another binary can be an eegd with more stages:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     daemon::main_with(&[stages_builtin::STAGES /*, my_stages::STAGES */])
//! }
//! ```
//!
//! | folder | what |
//! |---|---|
//! | [`document`] | pipeline files to a checked graph, every mistake with its line |
//! | [`host`] | the one pipeline that runs, and what is known about it |
//! | [`control`] | orders that start, change and stop it, one at a time |
//! | [`broker`], `ws` | packets to live clients |
//! | [`api`], `viewer` | HTTP, and the page in the browser |
//! | `machine` | facts about the machine it runs on |
//! | `service` | what systemd is told, and its watchdog |
//! | `commands` | what the command line can do |
#![forbid(unsafe_code)]

pub mod api;
pub mod broker;
mod commands;
pub mod control;
pub mod document;
mod filter_report;
pub mod host;
mod ledger;
mod logs;
mod machine;
mod metrics;
mod realtime;
mod service;
mod studies;
mod viewer;
mod ws;

pub use commands::{main_from, main_with};
