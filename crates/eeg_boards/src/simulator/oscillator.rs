//! The chips' clock: how many of its periods have passed at a moment. Its rate is off by a constant and wanders with temperature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// How far a simulated oscillator is off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OscillatorError {
    /// Faster than nominal by so many parts per million; the real one is good to 25000.
    pub ppm: f64,
    /// Wanders by so many parts per million to either side, as the temperature does.
    pub drift_ppm: f64,
    /// Seconds in which it wanders there and back.
    pub drift_period_s: f64,
}

impl Default for OscillatorError {
    /// None at all.
    fn default() -> Self {
        Self { ppm: 0.0, drift_ppm: 0.0, drift_period_s: 900.0 }
    }
}

/// The frequency is constant for so long.
const PIECE_NS: f64 = 1e8;

/// Clock periods as a function of time, both from 0 on; asked for rising times.
#[derive(Debug)]
pub(super) struct Oscillator {
    nominal_hz: f64,
    error: OscillatorError,
    /// The present piece: begins at this time and count, at this frequency.
    began_ns: f64,
    began_clocks: f64,
    per_ns: f64,
}

impl Oscillator {
    pub(super) fn new(nominal_hz: f64, error: OscillatorError) -> Self {
        let mut oscillator =
            Self { nominal_hz, error, began_ns: 0.0, began_clocks: 0.0, per_ns: 0.0 };
        oscillator.per_ns = oscillator.hz_at(0.0) / 1e9;
        oscillator
    }

    fn hz_at(&self, ns: f64) -> f64 {
        let turn = ns / 1e9 / self.error.drift_period_s.max(1e-3);
        let ppm = self.error.ppm + self.error.drift_ppm * (TAU * turn.fract()).sin();
        self.nominal_hz * (1.0 + ppm / 1e6)
    }

    /// The present frequency.
    pub(super) fn hz(&self) -> f64 {
        self.per_ns * 1e9
    }

    fn next_piece(&mut self) {
        self.began_clocks += PIECE_NS * self.per_ns;
        self.began_ns += PIECE_NS;
        self.per_ns = self.hz_at(self.began_ns + PIECE_NS / 2.0) / 1e9;
    }

    /// Periods that have passed at a time.
    pub(super) fn clocks_at(&mut self, ns: f64) -> f64 {
        while ns > self.began_ns + PIECE_NS {
            self.next_piece();
        }
        self.began_clocks + (ns - self.began_ns) * self.per_ns
    }

    /// When so many periods have passed, by the present frequency and those after it.
    pub(super) fn ns_at(&self, clocks: f64) -> f64 {
        let ns = self.began_ns + (clocks - self.began_clocks) / self.per_ns;
        if self.error.drift_ppm == 0.0 || ns <= self.began_ns + PIECE_NS {
            return ns;
        }
        let mut later = Self { ..*self };
        while later.began_clocks + PIECE_NS * later.per_ns < clocks {
            later.next_piece();
        }
        later.began_ns + (clocks - later.began_clocks) / later.per_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_count_are_inverse_and_the_rate_is_as_told() {
        let error = OscillatorError { ppm: 5000.0, drift_ppm: 100.0, drift_period_s: 60.0 };
        let mut oscillator = Oscillator::new(2_048_000.0, error);
        let ahead: Vec<f64> = (1..60).map(|s| oscillator.ns_at(f64::from(s) * 2.05e6)).collect();
        for (s, ns) in (1..60).zip(ahead) {
            assert!((oscillator.clocks_at(ns) - f64::from(s) * 2.05e6).abs() < 1e-3);
        }
        let minute = oscillator.clocks_at(60e9) / 2_048_000.0 / 60.0 - 1.0;
        assert!((minute - 0.005).abs() < 1e-6, "{minute}");
        let quarter = oscillator.clocks_at(75e9) - oscillator.clocks_at(74.9e9);
        assert!((quarter / 204_800.0 - 1.0051).abs() < 2e-6);
    }
}
