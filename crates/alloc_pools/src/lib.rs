//! Room for a slot pool, should a measurement ever ask for one. Empty on purpose.
//!
//! Packets come from `pipeline_core`'s own pool: a lock-free shelf of `Arc`s, without
//! unsafe code. See the README for what would have to be measured first.
#![forbid(unsafe_code)]
