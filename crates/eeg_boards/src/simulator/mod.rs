//! ADS1299 chips on a bench, faithful at their pins: bytes in and out, data-ready edges, power-up state, waits; with a clock that is
//! off, electrodes, a kernel that stamps edges, and faults by a script.
//!
//! | file | what |
//! |---|---|
//! | `chip` | power, registers, modes, conversions |
//! | `port` | the serial interface behind one chip select |
//! | `analog`, `filter`, `noise`, `inputs` | from electrodes to codes |
//! | `oscillator` | the chips' clock |
//! | `line` | the data-ready line as the kernel shows it |
//! | `fault` | what can happen, by a script |
//! | `bench` | all of it as the wires of a driver, in simulated time |
//! | `real_time` | the same in the time of the machine |
//!
//! Where the data sheet leaves open what happens to a driver that does not keep to it, the simulator does the worst that is
//! likely, and notes the [violation](Bench::violations).

mod analog;
mod bench;
mod chip;
mod fault;
mod filter;
mod inputs;
mod line;
mod noise;
mod oscillator;
mod port;
mod real_time;

pub use bench::{Bench, BenchSettings, Defect, EdgesAhead, TrueRun, Wiring};
pub use fault::Fault;
pub use inputs::{Inputs, Recorded, TestSignals};
pub use oscillator::OscillatorError;
pub use real_time::RealTime;
