//! How long a filter takes to forget: until its answers to an impulse and to a step have come to within 1 % of where they end.
//!
//! An impulse shows a resonance that rings (a notch), a step the slow forgetting of an offset (a high-pass); the later of both counts.
//!
//! ```text
//! last n with |h[n]| > 1 % max |h[n >= 1]|   or   |s[n] - s[inf]| > 1 % max |s|,      s[n] = sum_{k<=n} h[k]
//! ```
//!
//! The first value of `h` is the part that passes without any memory, and no transient.

use super::sos::{Cascade, Sos};
use std::f64::consts::TAU;

/// A transient counts as over when it has fallen to this part of its largest value.
pub const SETTLED: f64 = 0.01;

/// Longest impulse response that is looked at: 35 minutes at 16,000 samples/s would not settle a filter of any use.
const MAX_SAMPLES: usize = 1 << 22;

/// Samples until a filter with this impulse response, whose gain at 0 Hz is `end`, has settled.
pub fn settling_of_taps(impulse: &[f64], end: f64) -> u64 {
    let largest =
        |values: &mut dyn Iterator<Item = f64>| values.fold(0.0_f64, |m, x| m.max(x.abs()));
    let mut sum = 0.0;
    let steps = impulse.iter().map(|h| {
        sum += h;
        sum
    });
    let steps: Vec<f64> = steps.collect();
    let impulse_limit = SETTLED * largest(&mut impulse.iter().skip(1).copied());
    let step_limit = SETTLED * largest(&mut steps.iter().copied());
    let rings = |n: usize| n > 0 && impulse[n].abs() > impulse_limit;
    let moves = |n: usize| (steps[n] - end).abs() > step_limit;
    (0..impulse.len()).rev().find(|n| rings(*n) || moves(*n)).map_or(0, |n| n as u64 + 1)
}

impl Cascade {
    /// Samples until a transient has fallen to [`SETTLED`].
    pub fn settling_samples(&self) -> u64 {
        if self.sections().is_empty() {
            return 0;
        }
        let at_once: f64 = self.sections().iter().map(Sos::dc_gain).product();
        // Long enough to see the slowest oscillation once, which beats may hide.
        let slowest = self.sections().iter().flat_map(Sos::poles).map(|pole| pole.arg().abs());
        let slowest = slowest.filter(|angle| *angle > 0.0).fold(std::f64::consts::PI, f64::min);
        let stretch = ((TAU / slowest) as usize).max(self.decay_samples() as usize / 2) + 64;
        let mut run = Impulse::new(self);
        let mut impulse = Vec::new();
        while impulse.len() < MAX_SAMPLES {
            impulse.extend(run.by_ref().take(stretch.min(MAX_SAMPLES)));
            let settled = settling_of_taps(&impulse, at_once);
            if settled as usize + stretch <= impulse.len() {
                return settled;
            }
        }
        self.decay_samples().max(MAX_SAMPLES as u64)
    }

    /// Samples in which the slowest pole alone decays to [`SETTLED`]: `ln 0.01 / ln r`.
    fn decay_samples(&self) -> u64 {
        let radius = self.largest_pole_radius();
        let memory = 2 * self.sections().len() as u64;
        if radius <= 0.0 {
            memory
        } else {
            memory.max((SETTLED.ln() / radius.ln()).abs().ceil() as u64)
        }
    }
}

/// The impulse response of a cascade, sample by sample, for ever.
struct Impulse<'a> {
    sections: &'a [Sos],
    state: Vec<[f64; 2]>,
    next: f64,
}

impl<'a> Impulse<'a> {
    fn new(cascade: &'a Cascade) -> Self {
        let sections = cascade.sections();
        Self { sections, state: vec![[0.0; 2]; sections.len()], next: 1.0 }
    }
}

impl Iterator for Impulse<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let mut x = std::mem::take(&mut self.next);
        for (Sos { b0, b1, b2, a1, a2 }, [s1, s2]) in self.sections.iter().zip(&mut self.state) {
            let y = b0 * x + *s1;
            *s1 = b1 * x - a1 * y + *s2;
            *s2 = b2 * x - a2 * y;
            x = y;
        }
        Some(x)
    }
}

#[cfg(test)]
mod tests {
    use super::super::butterworth::{Band, butterworth};
    use super::super::notch::iirnotch;
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn first_order_high_pass_settles_in_five_time_constants() {
        // tau = 1 / (2 pi 0.5 Hz) = 0.318 s; ln 100 = 4.6 tau = 1.466 s.
        let filter = Cascade::new(butterworth(1, Band::HighPass { hz: 0.5 }, 1000.0).unwrap());
        let seconds = filter.settling_samples() as f64 / 1000.0;
        assert!((seconds - 100.0_f64.ln() / (TAU * 0.5)).abs() < 0.002, "{seconds}");
    }

    #[test]
    fn notch_rings_for_q_over_pi_f() {
        // Envelope exp(-pi f t / Q): 1 % after Q ln 100 / (pi f), less up to half a period to its last peak.
        let filter = Cascade::new(vec![iirnotch(50.0, 30.0, 4000.0).unwrap()]);
        let seconds = filter.settling_samples() as f64 / 4000.0;
        let derived = 30.0 * 100.0_f64.ln() / (PI * 50.0);
        assert!(
            (derived - 0.011..derived + 0.001).contains(&seconds),
            "{seconds} against {derived}"
        );
    }

    #[test]
    fn a_band_pass_waits_for_its_lower_edge() {
        // Most of the impulse is over within 40 Hz; an offset is forgotten with the pair of poles at 1 Hz.
        let band = Band::BandPass { low_hz: 1.0, high_hz: 40.0 };
        let filter = Cascade::new(butterworth(4, band, 250.0).unwrap());
        let seconds = filter.settling_samples() as f64 / 250.0;
        assert!((1.5..3.0).contains(&seconds), "{seconds} s");
    }

    #[test]
    fn a_filter_without_poles_settles_with_its_memory() {
        let average = Sos { b0: 0.5, b1: 0.5, b2: 0.0, a1: 0.0, a2: 0.0 };
        assert_eq!(Cascade::new(vec![average]).settling_samples(), 2);
        assert_eq!(Cascade::new(vec![]).settling_samples(), 0);
        assert_eq!(settling_of_taps(&[0.25; 4], 1.0), 4);
        assert_eq!(settling_of_taps(&[1.0], 1.0), 0);
    }

    #[test]
    fn the_slowest_filter_is_known_at_once() {
        for band in [Band::HighPass { hz: 0.05 }, Band::LowPass { hz: 0.05 }] {
            let filter = Cascade::new(butterworth(10, band, 16_000.0).unwrap());
            let seconds = filter.settling_samples() as f64 / 16_000.0;
            assert!((60.0..150.0).contains(&seconds), "{band:?}: {seconds} s");
        }
    }
}
