//! How long a record is: whole samples, a duration of eight characters, at most half a second and 61440 bytes.

use super::writer_channel::{SampleWidth, trimmed};
use crate::WriteError;

/// Most bytes of a record (<https://www.edfplus.info/specs/edf.html>).
const MAX_RECORD_BYTES: usize = 61_440;

/// Longest record: what a killed process loses, so that with what is on its way to the file it stays below a second.
const MAX_RECORD_S: f64 = 0.5;

/// Bytes for annotations in each record: the time-keeping and one long or several short ones. Both widths divide it.
pub(super) const ANNOTATION_BYTES: usize = 480;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Samples of each channel.
    pub(super) samples: usize,
    /// Duration, microseconds: exactly what the header's text says.
    pub(super) duration_us: u64,
    pub(super) duration_text: String,
}

impl Plan {
    /// The longest record of a simple duration. Where no short decimal gives the rate exactly (333.3 Hz), the one
    /// that comes nearest: within a few parts in 10^9 for records near a second, in 10^6 for those of some milliseconds.
    pub(super) fn new(
        rate_hz: f64,
        channels: usize,
        width: SampleWidth,
    ) -> Result<Self, WriteError> {
        if !(1e-4..=1e7).contains(&rate_hz) {
            return Err(WriteError::spec(
                "the rate in Hz",
                rate_hz,
                "it must lie between 0.0001 and 10 million",
            ));
        }
        if !(1..=9998).contains(&channels) {
            return Err(WriteError::spec(
                "the number of channels",
                channels,
                "a file holds 1 to 9998",
            ));
        }
        let room = (MAX_RECORD_BYTES - ANNOTATION_BYTES) / (channels * width.bytes());
        let most = room.min((rate_hz * MAX_RECORD_S) as usize).max(1);
        let mut best: Option<(bool, f64, Self)> = None;
        // A longer record is better than a slightly rounder duration, so nothing below half the longest is
        // looked at once an exact one is found.
        for samples in (1..=most).rev() {
            let exact = best.as_ref().is_some_and(|(exact, ..)| *exact);
            if exact && samples * 2 <= most {
                break;
            }
            let Some((plan, error)) = Self::of(samples, rate_hz) else { continue };
            let is_exact = error < 1e-13;
            let better = match &best {
                None => true,
                Some((true, _, found)) => {
                    is_exact && plan.duration_text.len() < found.duration_text.len()
                }
                Some((false, least, _)) => is_exact || error < *least,
            };
            if better {
                best = Some((is_exact, error, plan));
            }
        }
        best.map(|(_, _, plan)| plan).ok_or_else(|| {
            WriteError::spec(
                "the rate in Hz",
                rate_hz,
                "no record duration of 8 characters gives it",
            )
        })
    }

    /// A record of so many samples, and by how much its rate is wrong, relative.
    fn of(samples: usize, rate_hz: f64) -> Option<(Self, f64)> {
        let ideal_us = samples as f64 * 1e6 / rate_hz;
        // Seconds before the point take room from decimals.
        let digits =
            if ideal_us < 1e7 { 1.0 } else { 10_f64.powi((ideal_us / 1e6).log10().floor() as i32) };
        let duration_us = ((ideal_us / digits).round() * digits) as u64;
        let text = trimmed(format!("{}.{:06}", duration_us / 1_000_000, duration_us % 1_000_000));
        let error = (duration_us as f64 * rate_hz / (samples as f64 * 1e6) - 1.0).abs();
        let plan = Self { samples, duration_us, duration_text: text };
        (duration_us > 0 && plan.duration_text.len() <= 8).then_some((plan, error))
    }

    /// Rate that readers compute from the header.
    pub(super) fn rate_hz(&self) -> f64 {
        self.samples as f64 * 1e6 / self.duration_us as f64
    }

    /// When a sample was taken, ns after the first, in the file's own time.
    pub(super) fn onset_ns(&self, index: u64) -> i64 {
        let ns = u128::from(index) * u128::from(self.duration_us) * 1000;
        let samples = self.samples as u128;
        i64::try_from((ns + samples / 2) / samples).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rate_hz: f64, channels: usize) -> Plan {
        Plan::new(rate_hz, channels, SampleWidth::Bdf24).unwrap()
    }

    #[test]
    fn usual_rates_have_simple_durations() {
        for (rate, channels, samples, text) in [
            (250.0, 8, 125, "0.5"),
            (500.0, 16, 250, "0.5"),
            (16_000.0, 1, 8000, "0.5"),
            (16_000.0, 64, 160, "0.01"),
            (4000.0, 16, 1200, "0.3"),
            (12.8, 2, 4, "0.3125"),
            (0.5, 1, 1, "2"),
            (0.001, 1, 1, "1000"),
        ] {
            let plan = plan(rate, channels);
            assert_eq!(
                (plan.samples, plan.duration_text.as_str()),
                (samples, text),
                "{rate} Hz x {channels}"
            );
        }
    }

    #[test]
    fn any_rate_and_count_fits_and_keeps_its_rate() {
        for rate in [
            0.01,
            1.0,
            12.8,
            100.0 / 3.0,
            160.0,
            333.3,
            512.0,
            1000.0 / 7.0,
            2048.0,
            16_000.0,
            30_000.1,
            1e6,
        ] {
            for channels in [1, 2, 7, 16, 64, 256, 1000, 9998] {
                let plan = plan(rate, channels);
                assert!(
                    plan.samples * channels * 3 + ANNOTATION_BYTES <= MAX_RECORD_BYTES
                        || plan.samples == 1
                );
                assert!(plan.duration_us <= 500_001.max((1e6 / rate) as u64 + 1), "{plan:?}");
                // The fewer samples a record may have, the fewer durations there are to choose from.
                let allowed = if plan.samples > 30 { 5e-6 } else { 0.02 };
                assert!(
                    (plan.rate_hz() / rate - 1.0).abs() < allowed,
                    "{rate} Hz x {channels}: {plan:?}"
                );
            }
        }
        assert!((plan(333.3, 8).rate_hz() / 333.3 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn rates_that_are_none_are_refused() {
        for rate in [0.0, -250.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(Plan::new(rate, 1, SampleWidth::Edf16).is_err(), "{rate}");
        }
        assert!(Plan::new(250.0, 0, SampleWidth::Edf16).is_err());
        assert!(Plan::new(250.0, 9999, SampleWidth::Edf16).is_err());
    }

    #[test]
    fn onsets_are_those_of_the_file() {
        assert_eq!(plan(250.0, 8).onset_ns(250 * 86_400 + 1), 86_400_004_000_000);
        let odd = plan(333.3, 8);
        for index in [1, 1000, 28_797_120] {
            assert_eq!((odd.onset_ns(index) as f64 * 1e-9 * odd.rate_hz()).round() as u64, index);
        }
    }
}
