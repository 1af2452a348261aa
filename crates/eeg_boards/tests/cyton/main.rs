//! The Cyton driver against a simulated board: every sample has the right value and number, every loss the right length and
//! place, and after each fault the stream comes back by itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod port;
mod running;
mod set_up;
mod support;
