//! `/ws/data` brings live frames, `stream`, `lagged` and `event` messages to clients; `/ws/control` the document and its
//! changes.
//!
//! A client of `/ws/data` is one task that reads, and one per topic that writes; all write through one
//! [`writer::Writer`]. The reader is apart because tungstenite touches its read buffer on every poll, which in a common
//! `select!` loop would cost four times as much as sending itself. On `/ws/control` little is said, so one task does both.

mod books;
mod client;
pub(crate) mod control;
pub(crate) mod data;
mod ending;
mod handshake;
mod request;
mod writer;

pub(crate) use books::{ClientBook, Clients, TopicBook};
pub(crate) use ending::raised;
