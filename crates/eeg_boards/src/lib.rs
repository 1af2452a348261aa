//! Boards with an ADC of the ADS1299 family. Knows nothing of pipelines.
//!
//! The real drivers are still to come; what is here is a board made of arithmetic, so that everything behind an
//! ADC can be built and tested without one: [`SimulatedBoard`], and the [`Signal`]s it measures.
#![forbid(unsafe_code)]

pub mod ads1299;
pub mod signal;
mod simulated;

pub use signal::Signal;
pub use simulated::SimulatedBoard;
