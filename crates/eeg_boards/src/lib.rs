//! Boards with an ADC of the ADS1299 family. Knows nothing of pipelines.
//!
//! | module | what |
//! |---|---|
//! | [`board`] | what every board is to a source of samples |
//! | [`ads1299`] | the chip: its registers, timing, driver |
//! | [`cyton`] | the OpenBCI Cyton, alone and with Daisy |
//! | [`sample_clock`] | when each conversion happened, from edges that are seen late or not at all |
//! | [`signal`] | test signals |
#![forbid(unsafe_code)]

pub mod ads1299;
pub mod board;
mod clock;
pub mod cyton;
pub mod sample_clock;
pub mod signal;
pub mod simulator;
mod synthesizer;

pub use board::Board;
pub use signal::Signal;
pub use synthesizer::Synthesizer;
