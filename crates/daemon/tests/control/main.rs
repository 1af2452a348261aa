//! Control from outside: the built `eegd`, its API, and clients that know only the contract.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../common/mod.rs"]
mod common;

mod abuse;
mod board;
mod crash;
mod ctl;
mod locks;
mod patches;
mod readme;
mod saving;
mod service;
mod soak;
mod stages;
mod start;
mod support;
