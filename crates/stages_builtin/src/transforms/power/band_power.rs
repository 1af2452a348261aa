//! Power in the bands of the EEG, again and again: alpha, beta and so on, per channel.
//!
//! `P = df sum_k psd[k]` over the frequencies with `low <= f < high` of the density that `psd` makes (Welch, Hann, mean removed,
//! `1 / (fs sum w^2)`), in uV^2. Bands are half-open, so a frequency on an edge counts once, in the band above. With `relative`, each is divided
//! by the power from the lowest edge of all to the highest. A packet has one value per channel and band, labelled `Fp1.alpha`, at
//! `1 / hop_s` per second. What it describes lies `(window_s + (average - 1) hop_s) / 2` back, which is the declared delay.

use super::psd::{default_hop_s, default_window_s, one};
use super::spectra::{Naming, Spectra, Values};
use super::timing::Timing;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Power in frequency bands (Welch), one value per channel and band.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandPowerDesc {
    /// Length of a window in seconds, up to 60; frequencies lie 1 / `window_s` apart.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
    /// Seconds from one window, and one value, to the next.
    #[serde(default = "default_hop_s")]
    pub hop_s: f64,
    /// How many windows are averaged, 1 to 100.
    #[serde(default = "one")]
    pub average: u32,
    /// Name to `[low, high]` in Hz, the upper edge not included; they come out by rising edges.
    #[serde(default = "default_bands")]
    pub bands: BTreeMap<String, [f64; 2]>,
    /// Each band's part of the power from the lowest edge to the highest, instead of its power.
    #[serde(default)]
    pub relative: bool,
}

fn default_bands() -> BTreeMap<String, [f64; 2]> {
    [
        ("delta", [0.5, 4.0]),
        ("theta", [4.0, 8.0]),
        ("alpha", [8.0, 13.0]),
        ("beta", [13.0, 30.0]),
        ("gamma", [30.0, 45.0]),
    ]
    .map(|(name, edges)| (name.to_owned(), edges))
    .into()
}

impl StageDesc for BandPowerDesc {
    const KIND: &'static str = "band_power";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self {
            window_s: default_window_s(),
            hop_s: default_hop_s(),
            average: one(),
            bands: default_bands(),
            relative: false,
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let timing = Timing::new((self.window_s, self.hop_s, self.average), input)?;
        let mut bands: Vec<(&String, [f64; 2])> =
            self.bands.iter().map(|(name, edges)| (name, *edges)).collect();
        bands.sort_by(|(_, a), (_, b)| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        if bands.is_empty() {
            let message = "`bands` must have a band or more, like `alpha: [8, 13]`";
            return Err(ConfigError::param_message("bands", message).into());
        }
        ConfigError::all(
            bands.iter().map(|(name, edges)| check(name, *edges, timing, input.rate_hz)),
        )?;
        let (low_hz, high_hz) = bands.iter().fold((f64::INFINITY, 0.0_f64), |range, (_, edges)| {
            (range.0.min(edges[0]), range.1.max(edges[1]))
        });
        let values = Values::Power {
            bands: bands.iter().map(|(_, [low, high])| timing.bins(*low, *high)).collect(),
            total: self.relative.then(|| timing.bins(low_hz, high_hz)),
        };
        let unit: fn(&str) -> String =
            if self.relative { |_| "1".to_owned() } else { |unit| format!("{unit}^2") };
        let suffixes = bands.iter().map(|(name, _)| format!(".{name}")).collect();
        let (stage, output) = Spectra::new(timing, values, Naming { suffixes, unit }, input)?;
        let delay_samples = stage.delay_samples();
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

fn check(
    name: &str,
    [low, high]: [f64; 2],
    timing: Timing,
    rate_hz: f64,
) -> Result<(), ConfigError> {
    let param = format!("bands/{name}");
    if !(low >= 0.0 && high > low && high.is_finite()) {
        let message = format!("`{name}` must rise from 0 Hz or more, not from {low} to {high} Hz");
        return Err(ConfigError::Param { param, message });
    }
    if high > rate_hz / 2.0 {
        let message = format!(
            "`{name}` ends at {high} Hz, but at {rate_hz} samples/s there is nothing above {} Hz",
            rate_hz / 2.0
        );
        return Err(ConfigError::ParamForInput { param, message });
    }
    if timing.bins(low, high).is_empty() {
        let message = format!(
            "`{name}` holds no frequency: they lie {:.3} Hz apart; a longer `window_s` has more",
            timing.bin_hz()
        );
        return Err(ConfigError::ParamForInput { param, message });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn build(desc: &BandPowerDesc) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, microvolt_spec(1, 250.0), &StageInitCtx::in_folder("."))
    }

    /// 20 uV of alpha and 10 uV of beta on 5 mV.
    fn tones() -> Vec<f32> {
        let sine = |hz: f64, n: usize| (std::f64::consts::TAU * hz * n as f64 / 250.0).sin();
        let sample = |n| (5000.0 + 20.0 * sine(10.0, n) + 10.0 * sine(20.0, n)) as f32;
        (0..500).map(sample).collect()
    }

    #[test]
    fn each_tone_is_in_its_band_with_half_its_amplitude_squared() {
        let mut stage = build(&BandPowerDesc::example()).unwrap();
        let out = stage.feed(&tones(), Flags::NONE).unwrap().unwrap();
        let labels: Vec<_> = out.header.sensor.channels.iter().map(|c| c.label.as_str()).collect();
        assert_eq!(labels, ["ch1.delta", "ch1.theta", "ch1.alpha", "ch1.beta", "ch1.gamma"]);
        assert!(out.header.sensor.channels.iter().all(|c| c.unit == "uV^2"));
        for (power, expected) in out.microvolts.iter().zip([0.0, 0.0, 200.0, 50.0, 0.0]) {
            assert!((power - expected).abs() < 0.01, "{:?}", out.microvolts);
        }
    }

    #[test]
    fn parts_of_the_whole_add_up_to_one() {
        let desc = BandPowerDesc { relative: true, ..BandPowerDesc::example() };
        let out = build(&desc).unwrap().feed(&tones(), Flags::NONE).unwrap().unwrap();
        assert!((out.microvolts[2] - 0.8).abs() < 1e-4 && (out.microvolts[3] - 0.2).abs() < 1e-4);
        assert!((out.microvolts.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(out.header.sensor.channels[0].unit, "1");
    }

    #[test]
    fn a_frequency_on_an_edge_counts_once_in_the_band_above() {
        let bands = [("low", [5.0, 10.0]), ("high", [10.0, 15.0])];
        let bands = bands.map(|(name, edges)| (name.to_owned(), edges)).into();
        let desc = BandPowerDesc { bands, ..BandPowerDesc::example() };
        let out = build(&desc).unwrap().feed(&tones(), Flags::NONE).unwrap().unwrap();
        // Of 200 uV^2 at 10 Hz, 1/6 leaks to 9.5 Hz.
        assert!((out.microvolts[0] - 200.0 / 6.0).abs() < 0.01, "{:?}", out.microvolts);
        assert!((out.microvolts[1] - 200.0 * 5.0 / 6.0).abs() < 0.01, "{:?}", out.microvolts);
    }

    #[test]
    fn a_band_that_cannot_be_is_named() {
        for edges in [[8.0, 8.0], [-1.0, 4.0], [30.0, 126.0], [8.1, 8.4], [f64::NAN, 9.0]] {
            let bands = BTreeMap::from([("alpha".to_owned(), edges)]);
            let mistakes = build(&BandPowerDesc { bands, ..BandPowerDesc::example() });
            assert_eq!(mistakes.err().unwrap()[0].param(), Some("bands/alpha"), "{edges:?}");
        }
        let none = BandPowerDesc { bands: BTreeMap::new(), ..BandPowerDesc::example() };
        assert_eq!(build(&none).err().unwrap()[0].param(), Some("bands"));
    }
}
