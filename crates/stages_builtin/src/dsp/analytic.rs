//! The analytic signal of a band, by a FIR filter with complex taps: its angle is the phase of the rhythm, its magnitude the amplitude.
//!
//! ```text
//! z[n] = sum_k h[k] x[n - k],      h[k] = 2 l[k] e^(j w0 (k - m)) - c v[k],      m = (taps - 1) / 2
//! ```
//!
//! `l = scipy.signal.firwin(taps, (high - low) / 2, window="blackman", fs=rate)` is a low-pass as wide as half the band, w0 the middle of
//! the band; so frequencies in the band pass with gain 1 as `A e^(j phase)` (twice the half of a cosine), negative ones not at all (75 dB down). What the
//! window `v` takes away, `c = sum of the first term / sum v`, makes the gain at 0 Hz exactly 0, whatever the electrode's offset. The phase
//! is linear: the delay is m samples at every frequency.

use super::complex::Complex;
use super::error::{DesignError, Rule};
use super::firwin::{Window, firwin};
use super::history::History;
use super::sos::Init;
use super::weigh::weigh;
use super::{Band, error::inside_band};
use fearless_simd::Level;
use std::f64::consts::TAU;

/// Complex taps: plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalyticFilter {
    /// Real and imaginary parts, oldest first, as the history lies.
    reversed: Box<[[f64; 2]]>,
}

impl AnalyticFilter {
    /// The filter of a band, with an odd number of taps.
    ///
    /// # Errors
    /// If an edge is not between 0 and half the rate, they do not rise, or the number of taps is not odd or too large.
    pub fn new(low_hz: f64, high_hz: f64, taps: usize, rate_hz: f64) -> Result<Self, DesignError> {
        inside_band("low_hz", low_hz, rate_hz)?;
        inside_band("high_hz", high_hz, rate_hz)?;
        if low_hz >= high_hz {
            let rule = Rule::Below { other: "high_hz", other_value: high_hz };
            return Err(DesignError { param: "low_hz", value: low_hz, rule });
        }
        let band = Band::LowPass { hz: (high_hz - low_hz) / 2.0 };
        let low_pass = firwin(taps, band, Window::Blackman, rate_hz)?;
        let (middle, w0) = ((taps / 2) as f64, TAU * low_hz.midpoint(high_hz) / rate_hz);
        let mut h: Vec<Complex> = low_pass
            .iter()
            .enumerate()
            .map(|(k, l)| Complex::unit(w0 * (k as f64 - middle)) * (2.0 * l))
            .collect();
        let window: Vec<f64> = (0..taps).map(|k| Window::Blackman.at(k, taps)).collect();
        let sum = h.iter().fold(Complex::default(), |sum, h| sum + *h);
        let scale = sum * (1.0 / window.iter().sum::<f64>());
        for (h, v) in h.iter_mut().zip(&window) {
            *h = *h - scale * *v;
        }
        Ok(Self { reversed: h.iter().rev().map(|h| [h.re, h.im]).collect() })
    }

    /// How many taps there are.
    pub fn taps(&self) -> usize {
        self.reversed.len()
    }
}

/// What a running [`AnalyticFilter`] remembers.
#[derive(Debug, Clone)]
pub struct AnalyticState {
    history: History,
    sums: Box<[[f64; 2]]>,
    /// The vectors this processor has.
    level: Level,
}

impl AnalyticState {
    /// The state of `filter` before its first frame; the past is the first frame.
    pub fn new(filter: &AnalyticFilter, channels: usize) -> Self {
        let history = History::new(filter.taps(), channels, Init::Step);
        Self { history, sums: vec![[0.0; 2]; channels].into(), level: Level::new() }
    }

    /// As fresh.
    pub fn reset(&mut self) {
        self.history.restart();
    }

    /// The next frame is the first of this channel.
    pub fn restart_channel(&mut self, channel: usize) {
        self.history.restart_channel(channel);
    }

    /// Goes on from the past that another filter remembers.
    pub fn inherit(&mut self, previous: &Self) {
        self.history.inherit(&previous.history);
    }

    /// Takes whole frames; appends, for each, amplitude and phase (radians, -pi to pi, of a cosine) channel by channel.
    ///
    /// # Panics
    /// If `input` is not whole frames, or the state was made for another number of taps.
    pub fn process(&mut self, filter: &AnalyticFilter, input: &[f32], output: &mut Vec<f32>) {
        assert_eq!(self.history.frames(), filter.taps(), "the state is another filter's");
        for frame in input.chunks_exact(self.history.channels().max(1)) {
            self.history.push(frame.iter().map(|x| f64::from(*x)));
            weigh(self.level, &filter.reversed, self.history.newest(), &mut self.sums);
            for [re, im] in &self.sums {
                output.push(re.hypot(*im) as f32);
                output.push(im.atan2(*re) as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rhythm_on_an_offset_has_its_amplitude_and_its_phase_after_the_delay() {
        let filter = AnalyticFilter::new(8.0, 13.0, 501, 250.0).unwrap();
        let mut state = AnalyticState::new(&filter, 1);
        let phase = |n: f64| TAU * 10.0 * n / 250.0 + 0.3;
        let signal: Vec<f32> =
            (0..1000).map(|n| (60_000.0 + 20.0 * phase(f64::from(n)).cos()) as f32).collect();
        let mut out = Vec::new();
        state.process(&filter, &signal, &mut out);
        for (n, pair) in out.chunks(2).enumerate().skip(600) {
            assert!((pair[0] - 20.0).abs() < 0.05, "{n}: {} uV", pair[0]);
            let off = f64::from(pair[1]) - phase(n as f64 - 250.0);
            assert!((off / TAU - (off / TAU).round()).abs() < 0.001, "{n}: {off}");
        }
    }

    #[test]
    fn edges_that_cannot_be_are_named() {
        let param = |low, high| AnalyticFilter::new(low, high, 101, 250.0).unwrap_err().param;
        assert_eq!(param(0.0, 13.0), "low_hz");
        assert_eq!(param(8.0, 125.0), "high_hz");
        assert_eq!(param(13.0, 8.0), "low_hz");
        assert_eq!(AnalyticFilter::new(8.0, 13.0, 100, 250.0).unwrap_err().param, "taps");
    }
}
