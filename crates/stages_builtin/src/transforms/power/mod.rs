//! How strong a signal is: spectra, power in bands, moving averages.

pub(crate) mod band_power;
pub(crate) mod envelope;
pub(crate) mod hilbert;
pub(crate) mod psd;
pub(crate) mod rms;
mod spectra;
pub(crate) mod spectrogram;
mod timing;

use crate::dsp::MovingMean;
use crate::transforms::continuity::Memory;
use plugin_api::ConfigError;

impl Memory for MovingMean {
    fn restart(&mut self) {
        self.reset();
    }

    fn restart_channel(&mut self, channel: usize) {
        self.reset_channel(channel);
    }
}

/// Longest window.
const MAX_WINDOW_S: f64 = 60.0;

/// The frames of a window of `window_s`, at least 2.
///
/// # Errors
/// When it is no time, too long a time, or shorter than two samples.
pub(super) fn window_frames(window_s: f64, rate_hz: f64) -> Result<usize, ConfigError> {
    ConfigError::require(
        window_s > 0.0 && window_s <= MAX_WINDOW_S,
        "window_s",
        "a time above 0 and at most 60 s",
        window_s,
    )?;
    let frames = (window_s * rate_hz).round() as usize;
    if frames >= 2 {
        return Ok(frames);
    }
    let message = format!(
        "`window_s` of {window_s} s is shorter than two samples at {rate_hz} samples/s: at least {} s",
        2.0 / rate_hz
    );
    Err(ConfigError::ParamForInput { param: "window_s".to_owned(), message })
}
