//! Pure maths of the filters: designs, coefficients, state, inner loops. No serde, no pipeline types, no I/O.
//!
//! | file | what |
//! |---|---|
//! | [`mod@butterworth`], [`chebyshev`], [`mod@bessel`] | designs, equal to scipy's `butter`, `cheby1`, `cheby2`, `bessel` with `output="sos"` |
//! | [`mod@notch`] | equal to `scipy.signal.iirnotch` and `iirpeak` |
//! | [`band`] | low-pass, high-pass, band-pass or band-stop of any analogue prototype |
//! | [`design`] | poles and zeros to second-order sections, as `scipy.signal.zpk2sos` |
//! | [`sos`] | [`Sos`] and [`Cascade`]: coefficients, plain data |
//! | [`sos_state`] | [`SosState`]: what a running filter remembers |
//! | [`response`], [`settling`] | gain, phase and group delay at a frequency; settling time |
//! | [`fir`] | windowed-sinc low-pass, equal to `scipy.signal.firwin` |
//! | [`mod@firwin`], [`convolve`] | linear-phase FIR for any band, equal to `scipy.signal.firwin`; FIR at work |
//! | [`resample`] | [`Resampler`]: another rate in any ratio, equal to `scipy.signal.upfirdn` |
//! | [`analytic`] | amplitude and phase of a band |
//! | [`detector`] | [`Detector`]: excursions past a level |
//! | [`electrodes`] | where the electrodes of the 10-20 system sit |
//! | [`moving`] | [`MovingMean`]: the mean of the newest samples, without drift |
//! | [`welch`] | [`Welch`]: power density of a window of samples, equal to `scipy.signal.welch` |
//! | [`decimate`], [`decimate_state`] | [`Decimator`] and [`DecimatorState`]: anti-aliased reduction of the rate by a whole factor |
//!
//! Coefficients, state and sums are f64 everywhere, samples are f32 in and out, frames lie interleaved, `[frame][channel]`.
//! Coefficients stay apart from state, so that a live change replaces one and keeps the other.

pub mod analytic;
pub mod band;
pub mod bessel;
pub mod butterworth;
pub mod chebyshev;
pub mod complex;
pub mod convolve;
pub mod decimate;
pub mod decimate_state;
pub mod design;
pub mod detector;
pub mod electrodes;
pub mod error;
pub mod fir;
pub mod firwin;
mod history;
mod lanes;
pub mod moving;
pub mod notch;
pub mod resample;
pub mod response;
pub mod settling;
pub mod sos;
mod sos_kernel;
pub mod sos_state;
mod symmetric;
mod weigh;
pub mod welch;

pub use analytic::{AnalyticFilter, AnalyticState};
pub use band::Band;
pub use bessel::bessel;
pub use butterworth::butterworth;
pub use chebyshev::{chebyshev1, chebyshev2};
pub use complex::Complex;
pub use convolve::{Fir, FirState};
pub use decimate::Decimator;
pub use decimate_state::DecimatorState;
pub use detector::{Detector, Excursion, Side};
pub use error::{DesignError, Rule};
pub use fir::firwin_lowpass_kaiser;
pub use firwin::{Window, firwin};
pub use moving::MovingMean;
pub use notch::{iirnotch, iirpeak, notch};
pub use resample::{Resampler, ResamplerState};
pub use settling::settling_of_taps;
pub use sos::{Cascade, Init, Sos};
pub use sos_state::SosState;
pub use welch::Welch;
