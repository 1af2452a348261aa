//! A FIR filter at work on interleaved frames: `y[n] = sum_k h[k] x[n - k]`, in f64, rounded to f32 once.
//!
//! As `scipy.signal.lfilter(h, 1, x)`. It costs one multiplication per tap, channel and frame, which is the price of a
//! filter that adds no delay beyond its own: one by FFT waits for a block.

use fearless_simd::Level;
use std::f64::consts::TAU;

use super::complex::Complex;
use super::history::History;
use super::settling::settling_of_taps;
use super::sos::Init;
use super::weigh::weigh;

/// The taps of a FIR filter: plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct Fir {
    /// Oldest first, as the history lies.
    reversed: Box<[f64]>,
}

impl Fir {
    /// A filter of these taps, `h[0]` for the newest sample; at least one.
    pub fn new(mut taps: Vec<f64>) -> Self {
        if taps.is_empty() {
            taps.push(0.0);
        }
        taps.reverse();
        Self { reversed: taps.into() }
    }

    /// How many taps there are.
    pub fn taps(&self) -> usize {
        self.reversed.len()
    }

    /// Group delay at 0 Hz in samples, `sum k h[k] / sum h[k]`; of symmetric taps, and of antisymmetric ones, the middle, which is the
    /// delay at every frequency. 0 for taps that add up to nothing otherwise.
    pub fn delay_samples(&self) -> f64 {
        let delay = self.group_delay_samples(0.0, 1.0);
        if delay.is_finite() { delay } else { 0.0 }
    }

    /// Frequency response at `hz` for samples at `rate_hz`: `sum_k h[k] e^(-j w k)`.
    pub fn response(&self, hz: f64, rate_hz: f64) -> Complex {
        self.sum(hz, rate_hz, |_| 1.0)
    }

    /// Group delay at `hz` in samples, `Re(sum k h[k] e^(-j w k) / sum h[k] e^(-j w k))`; of symmetric taps, the middle.
    pub fn group_delay_samples(&self, hz: f64, rate_hz: f64) -> f64 {
        if self.has_linear_phase() {
            return (self.taps() - 1) as f64 / 2.0;
        }
        (self.sum(hz, rate_hz, |k| k) / self.response(hz, rate_hz)).re
    }

    /// Samples until a transient has fallen to 1 %.
    pub fn settling_samples(&self) -> u64 {
        let taps: Vec<f64> = self.reversed.iter().rev().copied().collect();
        settling_of_taps(&taps, taps.iter().sum())
    }

    fn sum(&self, hz: f64, rate_hz: f64, weight: impl Fn(f64) -> f64) -> Complex {
        let taps = self.reversed.iter().rev().enumerate();
        taps.fold(Complex::default(), |sum, (k, h)| {
            sum + Complex::unit(-TAU * hz / rate_hz * k as f64) * (h * weight(k as f64))
        })
    }

    fn has_linear_phase(&self) -> bool {
        let (taps, mirrored) = (self.reversed.iter(), self.reversed.iter().rev());
        taps.clone().eq(mirrored.clone()) || taps.zip(mirrored).all(|(a, b)| *a == -*b)
    }
}

/// What a running FIR filter remembers: the newest frames, as many as it has taps.
#[derive(Debug, Clone)]
pub struct FirState {
    history: History,
    sums: Box<[[f64; 1]]>,
    /// The vectors this processor has.
    level: Level,
}

impl FirState {
    /// The state of `fir` before its first frame of `channels` samples.
    pub fn new(fir: &Fir, channels: usize, init: Init) -> Self {
        let sums = vec![[0.0]; channels].into();
        Self { history: History::new(fir.taps(), channels, init), sums, level: Level::new() }
    }

    /// As fresh: the next frame is the first.
    pub fn reset(&mut self) {
        self.history.restart();
    }

    /// The next frame is the first of this channel.
    pub fn restart_channel(&mut self, channel: usize) {
        self.history.restart_channel(channel);
    }

    /// Goes on from the past that another filter remembers; where this one reaches further back, from its oldest frame.
    pub fn inherit(&mut self, previous: &Self) {
        self.history.inherit(&previous.history);
    }

    /// Filters whole frames, `[frame][channel]`, in place. Allocates nothing.
    ///
    /// # Panics
    /// If `samples` is not whole frames, or the state was made for another number of taps.
    pub fn process(&mut self, fir: &Fir, samples: &mut [f32]) {
        assert_eq!(self.history.frames(), fir.taps(), "the state is another filter's");
        let channels = self.history.channels();
        if channels == 0 {
            return;
        }
        assert_eq!(samples.len() % channels, 0, "samples must be whole frames");
        for frame in samples.chunks_exact_mut(channels) {
            self.history.push(frame.iter().map(|x| f64::from(*x)));
            weigh(self.level, fir.reversed.as_chunks().0, self.history.newest(), &mut self.sums);
            for (y, [sum]) in frame.iter_mut().zip(&self.sums) {
                *y = *sum as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impulse_gives_the_taps() {
        for channels in 1..20 {
            let fir = Fir::new(vec![1.0, -2.0, 0.5]);
            let mut samples = vec![0.0_f32; 6 * channels];
            samples[channels..2 * channels].fill(4.0);
            FirState::new(&fir, channels, Init::Zero).process(&fir, &mut samples);
            for (frame, expected) in samples.chunks(channels).zip([0.0, 4.0, -8.0, 2.0, 0.0, 0.0]) {
                assert!(frame.iter().all(|y| *y == expected), "{channels} channels: {samples:?}");
            }
        }
    }

    #[test]
    fn a_step_start_knows_no_step() {
        let fir = Fir::new(vec![0.25; 4]);
        let mut samples = [5000.0_f32; 20];
        FirState::new(&fir, 2, Init::Step).process(&fir, &mut samples);
        assert_eq!(samples, [5000.0; 20]);
        let mut samples = [4.0_f32; 5];
        FirState::new(&fir, 1, Init::Zero).process(&fir, &mut samples);
        assert_eq!(samples, [1.0, 2.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn delay_is_the_middle_of_symmetric_taps_and_the_centre_of_others() {
        assert_eq!(Fir::new(vec![1.0, 2.0, 1.0]).delay_samples(), 1.0);
        assert_eq!(Fir::new(vec![1.0, 0.0, -1.0]).delay_samples(), 1.0);
        assert_eq!(Fir::new(vec![0.0, 0.0, 2.0]).delay_samples(), 2.0);
        assert_eq!(Fir::new(vec![1.0, -2.0, 1.0, 0.0]).delay_samples(), 0.0);
    }
}
