//! What the benches of this crate share beside those of the core: stages by kind, and the loop written by hand.
#![allow(dead_code, unreachable_pub, reason = "every bench uses its own part")]

pub mod by_hand;
pub mod feed;
pub mod kinds;
