//! `/ws/data` brings live frames, `stream`, `lagged` and `event` messages to clients.
//!
//! A client is one task that reads, and one per topic that writes; all write through one [`writer::Writer`]. The
//! reader is apart because tungstenite touches its read buffer on every poll, which in a common `select!` loop would
//! cost four times as much as sending itself.

mod client;
pub(crate) mod data;
mod request;
mod writer;

pub(crate) use client::raised;
