//! The OpenBCI Cyton, alone and with Daisy, on the serial port of its dongle (firmware 2 and 3).
//!
//! | module | what |
//! |---|---|
//! | [`packet`] | the 33 bytes of a packet |
//! | [`framing`] | where packets begin, when bytes are missing |
//! | [`sequence`] | how many packets are missing, from a counter of eight bits |
//! | [`daisy`] | sixteen channels from two packets |
//! | [`command`] | what the board is told, and what it answers |
//! | [`link`] | the serial port |
//! | [`simulator`] | a board without a board, on a pseudo-terminal or in simulated time |

pub mod command;
pub mod daisy;
mod driver;
mod error;
pub mod framing;
pub mod link;
pub mod packet;
pub mod sequence;
mod set_up;
pub mod simulator;

pub use driver::Cyton;
pub use error::CytonError;
pub use link::SerialLink;
pub use set_up::CytonSettings;

/// Packets a second, whatever the chips are set to: the radio link carries no more.
pub const PACKETS_PER_S: f64 = 250.0;
