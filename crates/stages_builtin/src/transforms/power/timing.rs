//! When windows begin: each a hop after the one before, on the clock of the input's sample index.

use super::window_frames;
use plugin_api::{ConfigError, StreamSpec};
use std::ops::Range;

/// Most windows of an average.
const MOST_AVERAGED: u32 = 100;

/// Which samples of the input make an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timing {
    /// Frames of a window.
    pub(super) window: usize,
    /// Frames from the beginning of one window to that of the next, with a fraction.
    hop: f64,
    /// Seconds from one to the next.
    pub(super) hop_s: f64,
    /// Windows of an output.
    pub(super) average: usize,
    /// Of the input.
    pub(super) rate_hz: f64,
}

impl Timing {
    /// # Errors
    /// Every length that makes no sense.
    pub(super) fn new(
        (window_s, hop_s, average): (f64, f64, u32),
        input: &StreamSpec,
    ) -> Result<Self, Vec<ConfigError>> {
        let rate_hz = input.rate_hz;
        let window = window_frames(window_s, rate_hz);
        let hop = ConfigError::require(
            hop_s * rate_hz >= 1.0 && hop_s <= 60.0,
            "hop_s",
            "a time of at least one sample and at most 60 s",
            hop_s,
        );
        let count = ConfigError::require(
            (1..=MOST_AVERAGED).contains(&average),
            "average",
            "from 1 to 100",
            average,
        );
        match (window, hop, count) {
            (Ok(window), Ok(()), Ok(())) => {
                let hop = hop_s * rate_hz;
                Ok(Self { window, hop, hop_s, average: average as usize, rate_hz })
            }
            (window, hop, count) => {
                Err([window.err(), hop.err(), count.err()].into_iter().flatten().collect())
            }
        }
    }

    /// Hz between two frequencies of the density.
    pub(super) fn bin_hz(self) -> f64 {
        self.rate_hz / self.window as f64
    }

    /// The bins of a half-open band.
    pub(super) fn bins(self, low_hz: f64, high_hz: f64) -> Range<usize> {
        let last = self.window / 2 + 1;
        // A bin on an edge belongs to the band above it; a rounding error of the division must not move it.
        let first_from = |hz: f64| ((hz / self.bin_hz() - 1e-9).ceil().max(0.0) as usize).min(last);
        first_from(low_hz)..first_from(high_hz)
    }

    /// Index of the first sample of a window.
    pub(super) fn start(self, window: u64) -> u64 {
        (window as f64 * self.hop + 0.5) as u64
    }

    /// The first window that begins at sample `index` or after it.
    pub(super) fn first_from(self, index: u64) -> u64 {
        let near = ((index as f64 / self.hop) as u64).saturating_sub(1);
        // The hop is a sample or more, so the one wanted is at most three further.
        (near..near + 3).find(|window| self.start(*window) >= index).unwrap_or(near + 3)
    }

    /// How many outputs `frames` frames make.
    pub(super) fn outputs(self, frames: u64) -> u64 {
        match frames.checked_sub(self.window as u64) {
            Some(last) => self.first_from(last + 1).saturating_sub(self.average as u64 - 1),
            None => 0,
        }
    }

    /// Most outputs that one packet completes.
    pub(super) fn most_outputs(self, frames: usize) -> usize {
        (frames as f64 / self.hop) as usize + 1
    }

    /// By how much the middle of what an output is made of lies before its time, which is that of its last sample.
    pub(super) fn delay_samples(self) -> f64 {
        let between_first_and_last = (self.average - 1) as f64 * self.hop;
        between_first_and_last.midpoint((self.window - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::microvolt_spec;

    #[test]
    fn windows_of_a_hop_with_a_fraction_keep_to_the_clock() {
        // A quarter of a second at 250 samples/s is 62.5 samples.
        let timing = Timing::new((2.0, 0.25, 3), &microvolt_spec(1, 250.0)).unwrap();
        assert_eq!([0, 1, 2, 3, 4, 4000].map(|k| timing.start(k)), [0, 63, 125, 188, 250, 250_000]);
        for index in 0..1000 {
            let first = timing.first_from(index);
            assert!(
                timing.start(first) >= index && (first == 0 || timing.start(first - 1) < index)
            );
        }
        // Three windows of 500 samples: the third begins at 125.
        assert_eq!([0, 624, 625, 687, 688].map(|n| timing.outputs(n)), [0, 0, 1, 1, 2]);
    }
}
