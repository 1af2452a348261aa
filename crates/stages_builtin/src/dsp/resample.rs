//! Another sampling rate in any ratio of whole numbers, by a polyphase filter with linear phase.
//!
//! ```text
//! y[k] = up sum_j h[j] u[k down - j],      u[n up] = x[n], else 0
//! ```
//!
//! which is `scipy.signal.upfirdn(up h, x, up, down)` (and `resample_poly(x, up, down, window=h)` but for its shift), of which only the products
//! that are not 0 are made: `len(h) / up` for each output (Crochiere and Rabiner, *Multirate Digital Signal Processing*, 1983, chapter 3). `h` is a
//! Kaiser window's low-pass for 90 dB: with `f` half the lower of both rates, flat to 0.8 f (within 0.001 dB), at least 80 dB down from f
//! on. Each of the `up` phases is scaled to gain 1 at 0 Hz, so an electrode offset comes out as it is and makes no tone at the
//! old rate. The delay is the same at every frequency, and whole samples of the new rate.
//!
//! Output k lies at input `k down / up`, counted from the absolute sample index: packets of any size give the same samples.

use super::error::{DesignError, whole_number};
use super::fir::{firwin_lowpass_kaiser, kaiser_beta, kaiser_length};
use super::history::History;
use super::sos::Init;

/// Largest number in a ratio.
pub const MAX_RATIO: u32 = 4000;

/// Edge of the pass-band as a part of half the lower rate.
const PASS_EDGE: f64 = 0.8;

/// What the filter is designed for; at least 80 dB is promised.
const DESIGN_DB: f64 = 90.0;

/// The filter of a resampler: plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampler {
    up: usize,
    down: usize,
    /// Taps before the middle one, at the rate of `up` times the old one.
    half: usize,
    /// `up` filters, oldest tap first, all of one length.
    phases: Box<[Box<[f64]>]>,
}

impl Resampler {
    /// A resampler to `up / down` of the rate; the ratio is taken in its lowest terms.
    ///
    /// # Errors
    /// If a number of the reduced ratio is not from 1 to [`MAX_RATIO`].
    pub fn new(up: u32, down: u32) -> Result<Self, DesignError> {
        let common = greatest_common_divisor(up, down).max(1);
        let up = whole_number("up", up / common, 1, MAX_RATIO)? as usize;
        let down = whole_number("down", down / common, 1, MAX_RATIO)? as usize;
        let (half, taps) = if up == down {
            (0, vec![1.0])
        } else {
            let nyquist = 1.0 / up.max(down) as f64;
            let length = kaiser_length(DESIGN_DB, (1.0 - PASS_EDGE) * nyquist);
            // The delay becomes whole samples of the new rate.
            let half = (length / 2.0 / down as f64).ceil() as usize * down;
            let cutoff = PASS_EDGE.midpoint(1.0) * nyquist;
            (half, firwin_lowpass_kaiser(2 * half + 1, cutoff, kaiser_beta(DESIGN_DB), 2.0)?)
        };
        let length = taps.len().div_ceil(up);
        let phase = |phase: usize| {
            let mut of_phase: Vec<f64> = taps.iter().skip(phase).step_by(up).copied().collect();
            let gain: f64 = of_phase.iter().sum();
            of_phase.iter_mut().for_each(|h| *h /= gain);
            of_phase.resize(length, 0.0);
            of_phase.reverse();
            of_phase.into()
        };
        Ok(Self { up, down, half, phases: (0..up).map(phase).collect() })
    }

    /// Numerator and denominator of the ratio in its lowest terms.
    pub fn ratio(&self) -> (usize, usize) {
        (self.up, self.down)
    }

    /// The filter at `up` times the old rate, gain included: `scipy.signal.upfirdn(taps, x, up, down)` is the reference.
    pub fn taps(&self) -> Vec<f64> {
        let tap = |j: usize| {
            let phase = &self.phases[j % self.up];
            phase[phase.len() - 1 - j / self.up]
        };
        (0..=2 * self.half).map(tap).collect()
    }

    /// By how many input samples the output comes later, at every frequency.
    pub fn delay_samples(&self) -> f64 {
        self.half as f64 / self.up as f64
    }

    /// Input samples until nothing of a transient is left.
    pub fn settling_samples(&self) -> usize {
        self.phases[0].len() - 1
    }

    /// Index of the first output that lies at or after an input.
    fn first_from(&self, input: u64) -> u64 {
        (u128::from(input) * self.up as u128).div_ceil(self.down as u128) as u64
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// What a running [`Resampler`] remembers, and where it is in the stream.
#[derive(Debug, Clone)]
pub struct ResamplerState {
    history: History,
    /// Absolute index of the next input frame.
    index: u64,
    /// Absolute index of the next output frame.
    output: u64,
    /// Where the next output lies after the next input, in parts of `1 / up` of an input sample.
    ahead: usize,
    sum: Box<[f64]>,
}

impl ResamplerState {
    /// The state before the input frame of absolute index `first_index`.
    pub fn new(resampler: &Resampler, channels: usize, init: Init, first_index: u64) -> Self {
        let mut state = Self {
            history: History::new(resampler.phases[0].len(), channels, init),
            index: 0,
            output: 0,
            ahead: 0,
            sum: vec![0.0; channels].into(),
        };
        state.restart(resampler, first_index);
        state
    }

    /// As fresh, before the input frame of absolute index `first_index`.
    pub fn restart(&mut self, resampler: &Resampler, first_index: u64) {
        self.history.restart();
        self.index = first_index;
        self.output = resampler.first_from(first_index);
        let at = u128::from(self.output) * resampler.down as u128;
        self.ahead = (at - u128::from(first_index) * resampler.up as u128) as usize;
    }

    /// The next frame is the first of this channel.
    pub fn restart_channel(&mut self, channel: usize) {
        self.history.restart_channel(channel);
    }

    /// Goes on where another state of the same filter stopped.
    pub fn inherit(&mut self, previous: &Self) {
        (self.index, self.output, self.ahead) = (previous.index, previous.output, previous.ahead);
        self.history.inherit(&previous.history);
    }

    /// Absolute index of the next input frame.
    pub fn next_index(&self) -> u64 {
        self.index
    }

    /// Absolute index, at the new rate, of the next output frame.
    pub fn next_output_index(&self) -> u64 {
        self.output
    }

    /// How many input samples after the next input frame the next output lies.
    pub fn ahead_samples(&self, resampler: &Resampler) -> f64 {
        self.ahead as f64 / resampler.up as f64
    }

    /// How many frames the next `frames` input frames will make.
    pub fn output_frames(&self, resampler: &Resampler, frames: usize) -> usize {
        (frames * resampler.up).saturating_sub(self.ahead).div_ceil(resampler.down)
    }

    /// Takes whole frames, `[frame][channel]`, and appends what they make. Allocates nothing while `output` has room.
    ///
    /// # Panics
    /// If `input` is not whole frames, or the state is another filter's.
    pub fn process(&mut self, resampler: &Resampler, input: &[f32], output: &mut Vec<f32>) {
        assert_eq!(self.history.frames(), resampler.phases[0].len(), "the state is another's");
        let channels = self.history.channels();
        if channels == 0 {
            return;
        }
        assert_eq!(input.len() % channels, 0, "samples must be whole frames");
        for frame in input.chunks_exact(channels) {
            self.history.push(frame.iter().map(|x| f64::from(*x)));
            self.index += 1;
            while self.ahead < resampler.up {
                weigh(&resampler.phases[self.ahead], self.history.newest(), &mut self.sum);
                output.extend(self.sum.iter().map(|y| *y as f32));
                self.ahead += resampler.down;
                self.output += 1;
            }
            self.ahead -= resampler.up;
        }
    }
}

/// One output frame: the sum of taps times frames. Twice compiled on x86-64, with the same bits from both.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn weigh(taps: &[f64], window: &[f64], sum: &mut [f64]) {
    sum.fill(0.0);
    for (tap, row) in taps.iter().zip(window.chunks_exact(sum.len())) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += tap * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    #[test]
    fn flat_below_and_down_from_half_the_lower_rate_on() {
        for (up, down) in [(2, 1), (1, 2), (128, 125), (125, 128), (3, 2), (147, 160)] {
            let resampler = Resampler::new(up, down).unwrap();
            let taps = resampler.taps();
            // Frequencies in units of half the lower rate; the filter runs at `max(up, down)` times twice that.
            let gain_db = |f: f64| {
                let w = TAU * f / 2.0 / f64::from(up.max(down));
                let (mut re, mut im) = (0.0, 0.0);
                for (j, h) in taps.iter().enumerate() {
                    re += h * (w * j as f64).cos();
                    im += h * (w * j as f64).sin();
                }
                20.0 * (f64::hypot(re, im) / f64::from(up)).log10()
            };
            for k in 0..=50 {
                assert!(gain_db(0.8 * f64::from(k) / 50.0).abs() < 0.001, "{up}/{down}");
            }
            for k in 0..300 {
                let f = 1.0 + f64::from(k) / 300.0 * (f64::from(up.max(down)) - 1.0);
                assert!(gain_db(f) < -80.0, "{up}/{down}: {} dB at {f}", gain_db(f));
            }
        }
    }

    #[test]
    fn an_offset_comes_out_as_it_is() {
        let resampler = Resampler::new(128, 125).unwrap();
        let mut out = Vec::new();
        let mut state = ResamplerState::new(&resampler, 1, Init::Step, 0);
        state.process(&resampler, &[60_000.0; 1000], &mut out);
        assert_eq!(out.len(), 1024);
        assert!(out.iter().all(|y| *y == 60_000.0));
    }

    #[test]
    fn ratios_are_reduced_and_bad_ones_refused() {
        assert_eq!(Resampler::new(256, 250).unwrap().ratio(), (128, 125));
        assert_eq!(Resampler::new(500, 500).unwrap().taps(), [1.0]);
        for (up, down, param) in
            [(0, 1, "up"), (1, 0, "down"), (4001, 4000, "up"), (1, 4001, "down")]
        {
            assert_eq!(Resampler::new(up, down).unwrap_err().param, param, "{up}/{down}");
        }
    }

    proptest! {
        #[test]
        fn packets_of_any_size_from_any_index_give_the_plain_sum(
            channels in 1_usize..5,
            ratio in prop::sample::select(vec![(1_u32, 1_u32), (2, 1), (1, 3), (3, 2), (16, 15), (5, 8)]),
            first_index in 0_u64..1_000_000_007,
            sizes in prop::collection::vec(0_usize..200, 1..8),
        ) {
            let resampler = Resampler::new(ratio.0, ratio.1).unwrap();
            let (up, down) = resampler.ratio();
            let frames: usize = sizes.iter().sum();
            let x: Vec<f32> = (0..frames * channels).map(|k| 500.0 + ((k * 7919) % 1009) as f32).collect();
            let mut state = ResamplerState::new(&resampler, channels, Init::Zero, first_index);
            let first_output = state.next_output_index();
            let (mut out, mut rest) = (Vec::new(), x.as_slice());
            for size in sizes {
                let (packet, later) = rest.split_at(size * channels);
                rest = later;
                let (expected, before) = (state.output_frames(&resampler, size), out.len());
                state.process(&resampler, packet, &mut out);
                prop_assert_eq!(out.len() - before, expected * channels);
            }
            let taps = resampler.taps();
            for (k, frame) in out.chunks(channels).enumerate() {
                // At the fast rate, from the first input on.
                let at = (u128::from(first_output + k as u64) * down as u128 - u128::from(first_index) * up as u128) as usize;
                for (channel, y) in frame.iter().enumerate() {
                    let products = (0..taps.len()).filter(|j| at >= *j && (at - j).is_multiple_of(up));
                    let sum: f64 = products.map(|j| taps[j] * f64::from(x.get((at - j) / up * channels + channel).copied().unwrap_or(0.0))).sum();
                    prop_assert!((f64::from(*y) - sum).abs() < 1e-3, "{} for {sum}", y);
                }
            }
        }
    }
}
