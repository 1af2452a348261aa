//! The live side from outside: a server on a free port, and clients that know only the contract.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod access;
mod crowd;
mod ending;
mod files;
mod frames;
mod http;
mod lagging;
mod misbehaviour;
mod requests;
mod support;
