//! What the benches share: how long to run, interleaved rounds with ratios, and small stages with a stop watch.
#![allow(dead_code, unreachable_pub, reason = "every bench uses its own part")]

pub mod contest;
pub mod effort;
pub mod stages;
