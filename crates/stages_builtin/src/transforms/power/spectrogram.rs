//! Spectrogram: the spectrum of the newest moment in decibels, many times a second, ready to be drawn as colours.
//!
//! `10 log10(P)` with `P` the density in uV^2/Hz of each window by itself, as `scipy.signal.spectrogram(x, fs, "hann", nperseg=window, noverlap=window - hop,
//! detrend="constant", mode="psd")`; nothing at all is -200 dB. A packet has one value per channel and frequency, labelled `Fp1@10.0Hz`, `1 / hop_s` times a second.
//! What it describes lies half a window back, which is the declared delay. For figures, averaged, take `psd`.

use super::psd::spectra;
use super::spectra::Values;
use super::timing::Timing;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Spectra of short windows in decibels, one value per channel and frequency, for pictures.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpectrogramDesc {
    /// Length of a window in seconds, up to 60; frequencies lie 1 / `window_s` apart.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
    /// Seconds from one spectrum to the next.
    #[serde(default = "default_hop_s")]
    pub hop_s: f64,
    /// Lowest frequency in Hz.
    #[serde(default)]
    pub low_hz: f64,
    /// The frequencies end below this one; without it, with half the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
}

const fn default_window_s() -> f64 {
    1.0
}

const fn default_hop_s() -> f64 {
    0.1
}

impl StageDesc for SpectrogramDesc {
    const KIND: &'static str = "spectrogram";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self {
            window_s: default_window_s(),
            hop_s: default_hop_s(),
            low_hz: 0.0,
            high_hz: Some(60.0),
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let timing = Timing::new((self.window_s, self.hop_s, 1), input)?;
        let unit = |unit: &str| format!("dB re {unit}^2/Hz");
        spectra(timing, (self.low_hz, self.high_hz), Values::Decibels, unit, input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};

    #[test]
    fn a_sine_stands_at_its_frequency_and_silence_at_the_bottom() {
        let (desc, input) = (SpectrogramDesc::example(), microvolt_spec(2, 250.0));
        let mut stage = Harness::new(&desc, input, &StageInitCtx::in_folder(".")).unwrap();
        let sine = |n: usize| (std::f64::consts::TAU * 10.0 * n as f64 / 250.0).sin();
        let frames: Vec<f32> = (0..250).flat_map(|n| [(20.0 * sine(n)) as f32, 7.0]).collect();
        let out = stage.feed(&frames, Flags::NONE).unwrap().unwrap();
        let channels = &out.header.sensor.channels;
        assert_eq!(
            (channels[10].label.as_str(), channels[10].unit.as_str()),
            ("ch1@10.0Hz", "dB re uV^2/Hz")
        );
        // 200 uV^2, two thirds of it in a bin of 1 Hz.
        assert!((out.microvolts[10] - 10.0 * (200.0_f32 * 2.0 / 3.0).log10()).abs() < 1e-3);
        assert_eq!(out.microvolts[60 + 10], -200.0);
        assert_eq!((out.header.rate_hz, stage.output.unwrap().delay_s), (10.0, 124.5 / 250.0));
    }
}
