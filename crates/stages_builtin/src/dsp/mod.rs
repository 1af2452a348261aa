//! Pure maths of the filters: designs, coefficients, state, inner loops. No serde, no pipeline types, no I/O.
//!
//! | file | what |
//! |---|---|
//! | [`mod@butterworth`], [`mod@notch`] | designs, equal to `scipy.signal.butter(..., output="sos")` and `scipy.signal.iirnotch` |
//! | [`design`] | poles and zeros to second-order sections, as `scipy.signal.zpk2sos` |
//! | [`sos`] | [`Sos`] and [`Cascade`]: coefficients, plain data |
//! | [`sos_state`] | [`SosState`]: what a running filter remembers |
//! | [`response`] | gain, group delay and settling time of a cascade |
//! | [`fir`] | windowed-sinc low-pass, equal to `scipy.signal.firwin` |
//! | [`decimate`] | [`Decimator`] and [`DecimatorState`]: anti-aliased reduction of the rate by a whole factor |
//!
//! Coefficients, state and sums are f64 everywhere, samples are f32 in and out, frames lie interleaved, `[frame][channel]`.
//! Coefficients stay apart from state, so that a live change replaces one and keeps the other.

pub mod butterworth;
pub mod complex;
pub mod decimate;
pub mod design;
pub mod error;
pub mod fir;
pub mod notch;
pub mod response;
pub mod sos;
mod sos_kernel;
pub mod sos_state;

pub use butterworth::{Band, butterworth};
pub use complex::Complex;
pub use decimate::{Decimator, DecimatorState};
pub use error::{DesignError, Rule};
pub use fir::firwin_lowpass_kaiser;
pub use notch::{iirnotch, notch};
pub use sos::{Cascade, Init, Sos};
pub use sos_state::SosState;
