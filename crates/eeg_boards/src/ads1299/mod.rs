//! The ADS1299-4, -6 and -8 (TI data sheet SBAS499C): numbers, registers, timing, and a driver over [`Bus`](bus::Bus) and
//! [`Drdy`](bus::Drdy).
//!
//! | module | what |
//! |---|---|
//! | [`command`], [`register`], [`timing`], [`noise`] | the chip as its data sheet describes it |
//! | [`settings`] | what one wants of it, and the register values that mean that |
//! | [`frame`] | from the bytes of a conversion to codes |
//! | [`bus`], [`linux`], [`hal`] | the wires: what the driver needs of them, those of a Linux machine, those of embedded-hal |

mod bring_up;
pub mod bus;
mod chips;
pub mod command;
mod driver;
pub mod frame;
pub mod hal;
#[cfg(target_os = "linux")]
pub mod linux;
mod losses;
pub mod noise;
mod numbering;
mod problem;
pub mod register;
mod self_test;
pub mod settings;
pub mod timing;
mod trial;

pub use driver::{Ads1299, Ads1299Options};
pub use problem::Problem;

/// Internal reference in microvolts (section 7.5).
pub const VREF_UV: f64 = 4_500_000.0;

/// Gains the input amplifiers have (section 9.6.1, the `CHnSET` registers).
pub const GAINS: [u32; 7] = [1, 2, 4, 6, 8, 12, 24];

/// Output data rates in samples per second (section 9.6.1, CONFIG1).
pub const RATES_SPS: [u32; 7] = [250, 500, 1000, 2000, 4000, 8000, 16_000];

/// The largest and smallest codes: 24-bit two's complement (section 9.5.1).
pub const CODE_RANGE: (i32, i32) = (-(1 << 23), (1 << 23) - 1);

/// Microvolts per code at a gain: full scale / 2^23 (equation 8).
///
/// ```
/// assert_eq!(eeg_boards::ads1299::step_uv(24.0), 0.022351741790771484375);
/// ```
pub fn step_uv(gain: f64) -> f64 {
    VREF_UV / gain / f64::from(1 << 23)
}
