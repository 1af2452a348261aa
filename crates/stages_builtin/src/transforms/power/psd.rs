//! Power spectral density, again and again: Welch's method over the newest seconds.
//!
//! `scipy.signal.welch(x, fs, "hann", nperseg=window, noverlap=window - hop)` (mean removed, one-sided, density `1 / (fs sum w^2)`) over
//! `average` windows; of 1, the spectrum of the newest window alone. Frequencies lie `1 / window_s` apart; a line is four of them wide.
//! A packet has one value per channel and frequency, labelled `Fp1@10.0Hz`, in uV^2/Hz, `1 / hop_s` times a second. What it
//! describes lies `(window_s + (average - 1) hop_s) / 2` back, which is the declared delay.

use super::spectra::{Naming, Spectra, Values};
use super::timing::Timing;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx, StreamSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Power spectral density (Welch), one value per channel and frequency.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PsdDesc {
    /// Length of a window in seconds, up to 60; frequencies lie 1 / `window_s` apart.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
    /// Seconds from one window, and one spectrum, to the next.
    #[serde(default = "default_hop_s")]
    pub hop_s: f64,
    /// How many windows are averaged, 1 to 100.
    #[serde(default = "one")]
    pub average: u32,
    /// Lowest frequency in Hz.
    #[serde(default)]
    pub low_hz: f64,
    /// The frequencies end below this one; without it, with half the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
}

pub(super) const fn default_window_s() -> f64 {
    2.0
}

pub(super) const fn default_hop_s() -> f64 {
    0.5
}

pub(super) const fn one() -> u32 {
    1
}

impl StageDesc for PsdDesc {
    const KIND: &'static str = "psd";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self {
            window_s: default_window_s(),
            hop_s: default_hop_s(),
            average: one(),
            low_hz: 0.0,
            high_hz: Some(45.0),
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let timing = Timing::new((self.window_s, self.hop_s, self.average), input)?;
        let unit = |unit: &str| format!("{unit}^2/Hz");
        spectra(timing, (self.low_hz, self.high_hz), Values::Density, unit, input)
    }
}

/// A stage that gives out something of each frequency from `low_hz` to below `high_hz`.
pub(super) fn spectra(
    timing: Timing,
    (low_hz, high_hz): (f64, Option<f64>),
    values: fn(Range<usize>) -> Values,
    unit: fn(&str) -> String,
    input: &StreamSpec,
) -> Result<Built, Vec<ConfigError>> {
    let high_hz = high_hz.unwrap_or(f64::INFINITY);
    ConfigError::all([
        ConfigError::require(low_hz >= 0.0, "low_hz", "0 Hz or more", low_hz),
        ConfigError::require(high_hz > 0.0, "high_hz", "a frequency above 0 Hz", high_hz),
    ])?;
    let bins = timing.bins(low_hz, high_hz);
    if bins.is_empty() {
        let message = format!(
            "no frequency is left: they lie {:.3} Hz apart up to {} Hz, and none in {low_hz} <= f < {high_hz} Hz",
            timing.bin_hz(),
            input.rate_hz / 2.0,
        );
        return Err(ConfigError::ParamForInput { param: "low_hz".to_owned(), message }.into());
    }
    let digits = digits(timing.bin_hz());
    let suffix = |bin: usize| format!("@{:.digits$}Hz", bin as f64 * timing.bin_hz());
    let naming = Naming { suffixes: bins.clone().map(suffix).collect(), unit };
    let (stage, output) = Spectra::new(timing, values(bins), naming, input)?;
    let delay_samples = stage.delay_samples();
    Ok(Built::transform(stage, input, output, delay_samples))
}

/// Decimals that tell frequencies `step_hz` apart: exact if a few can be, else to a hundredth of a step.
fn digits(step_hz: f64) -> usize {
    let exact = |digits: &usize| {
        let scaled = step_hz * 10.0_f64.powi(*digits as i32);
        (scaled - scaled.round()).abs() < 1e-9 * scaled
    };
    let fine = (2.0 - step_hz.log10()).ceil().clamp(1.0, 6.0) as usize;
    (1..=fine).find(exact).unwrap_or(fine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn build(desc: &PsdDesc, rate_hz: f64) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, microvolt_spec(2, rate_hz), &StageInitCtx::in_folder("."))
    }

    /// Channel 1: 20 uV of 10 Hz on 5 mV. Channel 2: 10 uV of 40 Hz.
    fn tones(frames: usize) -> Vec<f32> {
        let sine = |hz: f64, n: usize| (std::f64::consts::TAU * hz * n as f64 / 250.0).sin();
        let frame = |n| [5000.0 + 20.0 * sine(10.0, n), 10.0 * sine(40.0, n)];
        (0..frames).flat_map(frame).map(|uv| uv as f32).collect()
    }

    #[test]
    fn a_sine_stands_at_its_frequency_with_its_power() {
        let mut psd = build(&PsdDesc { high_hz: None, ..PsdDesc::example() }, 250.0).unwrap();
        let out = psd.feed(&tones(500), Flags::NONE).unwrap().unwrap();
        let header = &out.header;
        assert_eq!((header.first_sample, header.frames, header.rate_hz), (0, 1, 2.0));
        assert_eq!(header.time_ns, 499 * 4_000_000, "known with the last sample of the window");
        assert_eq!(out.microvolts.len(), 2 * 251);
        let at = |label: &str| {
            let index = header.sensor.channels.iter().position(|c| c.label == label).unwrap();
            assert_eq!(header.sensor.channels[index].unit, "uV^2/Hz");
            f64::from(out.microvolts[index])
        };
        // Hann spreads A^2 / 2 over three bins of 0.5 Hz as 1/6, 2/3, 1/6.
        assert!((at("ch1@10.0Hz") - 200.0 / 0.5 * 2.0 / 3.0).abs() < 0.01);
        assert!((at("ch1@10.5Hz") - 200.0 / 0.5 / 6.0).abs() < 0.01);
        assert!((at("ch2@40.0Hz") - 50.0 / 0.5 * 2.0 / 3.0).abs() < 0.01);
        assert!(at("ch1@40.0Hz") < 1e-3 && at("ch2@10.0Hz") < 1e-3);
    }

    #[test]
    fn an_average_waits_for_its_windows_and_declares_its_delay() {
        let desc = PsdDesc { average: 3, hop_s: 1.0, ..PsdDesc::example() };
        let mut psd = build(&desc, 250.0).unwrap();
        // 2 s and two hops of 1 s: 1000 samples.
        assert_eq!(psd.output.as_ref().unwrap().delay_s, 499.5 / 250.0);
        assert!(psd.feed(&tones(999), Flags::NONE).unwrap().is_none());
        let out = psd.feed(&[0.0; 2], Flags::NONE).unwrap().unwrap();
        assert_eq!((out.header.first_sample, out.header.frames), (0, 1));
    }

    #[test]
    fn no_window_reaches_over_a_gap() {
        let mut psd = build(&PsdDesc::example(), 250.0).unwrap();
        let _ = psd.feed(&tones(600), Flags::NONE).unwrap();
        psd.lose(100);
        // Samples 700 on: the next window begins at 750, which is output 6, and ends with 1249.
        assert!(psd.feed(&tones(549), Flags::NONE).unwrap().is_none());
        let out = psd.feed(&tones(2), Flags::NONE).unwrap().unwrap();
        assert_eq!((out.header.first_sample, out.header.flags), (6, Flags::GAP));
        assert_eq!(out.header.time_ns, 1249 * 4_000_000);
    }

    #[test]
    fn what_a_sample_is_flagged_with_its_windows_are() {
        let mut psd = build(&PsdDesc::example(), 250.0).unwrap();
        let _ = psd.feed(&tones(130), Flags::RAILED).unwrap();
        let mut railed = Vec::new();
        for _ in 0..10 {
            if let Some(out) = psd.feed(&tones(125), Flags::NONE).unwrap() {
                railed.push(out.header.flags.contains(Flags::RAILED));
            }
        }
        // Samples 0 to 129: windows from 0 and 125 see them, the one from 250 does not.
        assert_eq!(&railed[..4], [true, true, false, false]);
    }

    #[test]
    fn labels_tell_frequencies_apart() {
        assert_eq!([0.5, 1.0, 0.25, 0.1].map(digits), [1, 1, 2, 1]);
        assert_eq!([1.0 / 3.0, 1.0 / 60.0].map(digits), [3, 4]);
    }

    #[test]
    fn mistakes_name_their_parameter() {
        let example = PsdDesc::example;
        let params = |desc: PsdDesc| {
            let mistakes = build(&desc, 250.0).err().unwrap();
            mistakes.iter().map(|m| m.param().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            params(PsdDesc { window_s: 0.0, hop_s: f64::NAN, average: 0, ..example() }),
            ["window_s", "hop_s", "average"]
        );
        assert_eq!(params(PsdDesc { low_hz: 126.0, high_hz: None, ..example() }), ["low_hz"]);
        assert_eq!(params(PsdDesc { low_hz: -1.0, ..example() }), ["low_hz"]);
        assert_eq!(params(PsdDesc { high_hz: Some(f64::NAN), ..example() }), ["high_hz"]);
        let huge = build(&PsdDesc { window_s: 60.0, high_hz: None, ..example() }, 16_000.0);
        assert_eq!(huge.err().unwrap()[0].param(), Some("high_hz"));
    }
}
