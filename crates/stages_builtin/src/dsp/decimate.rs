//! Reduction of the sampling rate by a whole factor, with a linear-phase anti-alias filter.
//!
//! ```text
//! y[k] = sum_j h[j] x[k factor - j]
//! ```
//!
//! which is `scipy.signal.lfilter(taps, 1, x)[::factor]`, computed for the kept samples only. With `f` the new Nyquist frequency (half the
//! new rate), the gain is 1 up to 0.8 f (within 0.001 dB), 1/2 at 0.9 f, and at least 80 dB down from f on
//! (designed for 90), so nothing above f folds back. There are `58 factor + 1` taps: the delay is exactly 29 samples at the new
//! rate, `29 factor` at the old one, at every frequency.
//!
//! The output's phase hangs on the absolute sample index (output k is input `k factor`), so packets of any size, and a
//! start in mid-stream, give the same samples.

// A helper that is not inlined would be compiled for the baseline only.
#![allow(clippy::inline_always)]

use multiversion::multiversion;

use super::error::{DesignError, whole_number};
use super::fir::{firwin_lowpass_kaiser, kaiser_beta, kaiser_length};
use super::sos::Init;

/// Largest factor; 64,000 samples/s to 64.
pub const MAX_FACTOR: u32 = 1000;

/// Edge of the pass-band as a part of the new Nyquist frequency, where the stop-band begins.
pub const PASS_EDGE: f64 = 0.8;

/// What the filter is designed for; at least 80 dB is promised.
const DESIGN_DB: f64 = 90.0;

/// The filter of a decimator: plain data, good for any rate and any number of channels.
#[derive(Debug, Clone, PartialEq)]
pub struct Decimator {
    factor: usize,
    taps: Box<[f64]>,
}

impl Decimator {
    /// A decimator by `factor`; of 1, which passes everything without delay.
    ///
    /// # Errors
    /// If `factor` is not from 1 to [`MAX_FACTOR`].
    pub fn new(factor: u32) -> Result<Self, DesignError> {
        whole_number("factor", factor, 1, MAX_FACTOR)?;
        let times = factor as usize;
        if times == 1 {
            return Ok(Self { factor: 1, taps: [1.0].into() });
        }
        // Frequencies in units of the old Nyquist frequency; the new one is 1 / factor.
        let nyquist = 1.0 / f64::from(factor);
        let length = kaiser_length(DESIGN_DB, (1.0 - PASS_EDGE) * nyquist);
        // The delay becomes whole samples of the new rate as well as of the old one.
        let delay = (length / 2.0 / f64::from(factor)).ceil() as usize;
        let cutoff = PASS_EDGE.midpoint(1.0) * nyquist;
        let taps =
            firwin_lowpass_kaiser(2 * delay * times + 1, cutoff, kaiser_beta(DESIGN_DB), 2.0)?;
        Ok(Self { factor: times, taps: taps.into() })
    }

    /// Input samples per output sample.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// The filter: `scipy.signal.lfilter(taps, 1, x)[::factor]` is the reference.
    pub fn taps(&self) -> &[f64] {
        &self.taps
    }

    /// By how many input samples the output comes later, at every frequency: `(taps - 1) / 2`, a multiple of the factor.
    pub fn delay_samples(&self) -> usize {
        self.taps.len() / 2
    }

    /// Input samples until nothing of a transient is left.
    pub fn settling_samples(&self) -> usize {
        self.taps.len() - 1
    }
}

/// What a running decimator remembers: the last inputs of each channel and where it is in the stream.
#[derive(Debug, Clone)]
pub struct DecimatorState {
    channels: usize,
    init: Init,
    /// Absolute index of the next input frame.
    index: u64,
    /// The past, oldest first, `[frame][channel]`; the last frames are the filter's, those before are used up.
    history: Vec<f64>,
    /// Values of `history` in use.
    filled: usize,
    /// Whether the next frame is the first.
    starting: bool,
}

impl DecimatorState {
    /// The state before the input frame of absolute index `first_index`.
    pub fn new(decimator: &Decimator, channels: usize, init: Init, first_index: u64) -> Self {
        // Twice the filter's length: moving it back to the front then costs one copied value per sample.
        let history = vec![0.0; 2 * decimator.taps.len() * channels];
        Self { channels, init, index: first_index, history, filled: 0, starting: true }
    }

    /// As fresh, before the input frame of absolute index `first_index`.
    pub fn restart(&mut self, first_index: u64) {
        self.index = first_index;
        self.starting = true;
    }

    /// Absolute index of the next input frame.
    pub fn next_index(&self) -> u64 {
        self.index
    }

    /// Absolute index, at the new rate, of the next output frame.
    pub fn next_output_index(&self, decimator: &Decimator) -> u64 {
        self.index.div_ceil(decimator.factor as u64)
    }

    /// How many frames the next `frames` input frames will make.
    pub fn output_frames(&self, decimator: &Decimator, frames: usize) -> usize {
        let factor = decimator.factor as u64;
        ((self.index + frames as u64).div_ceil(factor) - self.index.div_ceil(factor)) as usize
    }

    /// Takes whole frames, `[frame][channel]`, writes the output frames and returns how many. Allocates nothing.
    ///
    /// # Panics
    /// If `input` is not whole frames, `output` has no room for [`Self::output_frames`], or the state is another filter's.
    pub fn process(&mut self, decimator: &Decimator, input: &[f32], output: &mut [f32]) -> usize {
        let frames = self.whole_frames(decimator, input.len());
        let mut written = 0;
        for frame in 0..frames {
            let at = frame * self.channels;
            if self.push(decimator, &input[at..at + self.channels]) {
                let to = written * self.channels;
                convolve(
                    &decimator.taps,
                    self.window(decimator),
                    self.channels,
                    &mut output[to..to + self.channels],
                );
                written += 1;
            }
        }
        written
    }

    /// As [`Self::process`], with the output written over the beginning of the input.
    ///
    /// # Panics
    /// If `samples` is not whole frames, or the state is another filter's.
    pub fn process_in_place(&mut self, decimator: &Decimator, samples: &mut [f32]) -> usize {
        let frames = self.whole_frames(decimator, samples.len());
        let mut written = 0;
        for frame in 0..frames {
            let at = frame * self.channels;
            if self.push(decimator, &samples[at..at + self.channels]) {
                // An output never lies behind its own input, which is in the history by now.
                let to = written * self.channels;
                convolve(
                    &decimator.taps,
                    self.window(decimator),
                    self.channels,
                    &mut samples[to..to + self.channels],
                );
                written += 1;
            }
        }
        written
    }

    fn whole_frames(&self, decimator: &Decimator, values: usize) -> usize {
        assert_eq!(
            self.history.len(),
            2 * decimator.taps.len() * self.channels,
            "the state is another decimator's"
        );
        if self.channels == 0 {
            return 0;
        }
        assert_eq!(
            values % self.channels,
            0,
            "samples must be whole frames of {} channels",
            self.channels
        );
        values / self.channels
    }

    /// Appends a frame to the past; true if an output is due for it.
    fn push(&mut self, decimator: &Decimator, frame: &[f32]) -> bool {
        let past = (decimator.taps.len() - 1) * self.channels;
        if self.starting {
            self.starting = false;
            self.filled = past;
            for row in self.history[..past].chunks_exact_mut(self.channels) {
                for (value, x) in row.iter_mut().zip(frame) {
                    *value = if self.init == Init::Step { f64::from(*x) } else { 0.0 };
                }
            }
        }
        if self.filled == self.history.len() {
            self.history.copy_within(self.filled - past.., 0);
            self.filled = past;
        }
        for (value, x) in self.history[self.filled..].iter_mut().zip(frame) {
            *value = f64::from(*x);
        }
        self.filled += self.channels;
        let due = self.index.is_multiple_of(decimator.factor as u64);
        self.index += 1;
        due
    }

    /// The newest frames, as many as the filter has taps.
    fn window(&self, decimator: &Decimator) -> &[f64] {
        &self.history[self.filled - decimator.taps.len() * self.channels..self.filled]
    }
}

/// One output frame: the sum of taps times frames, for blocks of channels that fill the vector lanes.
///
/// The taps are symmetric, so the oldest and the newest frame, and so on inwards, are added before they are weighed. Twice
/// compiled on x86-64, as the kernel of the sections, with the same bits from both.
#[multiversion(targets("x86_64+avx2"))]
fn convolve(taps: &[f64], window: &[f64], channels: usize, out: &mut [f32]) {
    let mut first = 0;
    while first + 8 <= channels {
        block::<8>(taps, window, channels, first, out);
        first += 8;
    }
    if first + 4 <= channels {
        block::<4>(taps, window, channels, first, out);
        first += 4;
    }
    if first + 2 <= channels {
        block::<2>(taps, window, channels, first, out);
        first += 2;
    }
    if first < channels {
        block::<1>(taps, window, channels, first, out);
    }
}

#[inline(always)]
fn block<const W: usize>(
    taps: &[f64],
    window: &[f64],
    channels: usize,
    first: usize,
    out: &mut [f32],
) {
    let middle = taps.len() / 2;
    let lanes = |frame: &[f64]| {
        *frame[first..].first_chunk::<W>().expect("convolve() takes blocks within the frame")
    };
    let add = |sum: &mut [f64; W], (tap, (old, new)): (&f64, (&[f64], &[f64]))| {
        let (old, new) = (lanes(old), lanes(new));
        for lane in 0..W {
            sum[lane] += tap * (old[lane] + new[lane]);
        }
    };
    let mut pairs = taps[..middle]
        .iter()
        .zip(window.chunks_exact(channels).zip(window.chunks_exact(channels).rev()));
    // Two sums side by side, so that an addition does not wait for the one before.
    let (mut even, mut odd) = ([0.0; W], [0.0; W]);
    while let Some(pair) = pairs.next() {
        add(&mut even, pair);
        if let Some(pair) = pairs.next() {
            add(&mut odd, pair);
        }
    }
    let centre = lanes(&window[middle * channels..]);
    for lane in 0..W {
        out[first + lane] = (even[lane] + odd[lane] + taps[middle] * centre[lane]) as f32;
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::*;

    /// Gain at `part` of the new Nyquist frequency, in dB.
    fn gain_db(decimator: &Decimator, part: f64) -> f64 {
        let (middle, w) = (decimator.delay_samples() as f64, PI * part / decimator.factor() as f64);
        let gain: f64 = decimator
            .taps()
            .iter()
            .enumerate()
            .map(|(k, h)| h * (w * (k as f64 - middle)).cos())
            .sum();
        20.0 * gain.abs().log10()
    }

    #[test]
    fn passes_below_and_stops_from_the_new_nyquist_on() {
        for factor in [2, 3, 4, 7, 16, 64] {
            let decimator = Decimator::new(factor).unwrap();
            for k in 0..=400 {
                let part = PASS_EDGE * f64::from(k) / 400.0;
                assert!(
                    gain_db(&decimator, part).abs() < 0.001,
                    "factor {factor}: {} dB at {part}",
                    gain_db(&decimator, part)
                );
            }
            for k in 0..=4000 {
                let part = 1.0 + f64::from(k) / 4000.0 * (f64::from(factor) - 1.0);
                assert!(
                    gain_db(&decimator, part) < -80.0,
                    "factor {factor}: {} dB at {part}",
                    gain_db(&decimator, part)
                );
            }
        }
    }

    #[test]
    fn declared_delay_is_the_measured_one() {
        let decimator = Decimator::new(4).unwrap();
        assert_eq!(decimator.delay_samples(), 29 * 4);
        let mut samples = vec![0.0_f32; 1000];
        samples[400] = 1.0;
        let made = DecimatorState::new(&decimator, 1, Init::Zero, 0)
            .process_in_place(&decimator, &mut samples);
        assert_eq!(made, 250);
        let peak = (0..made).max_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap();
        assert_eq!(peak * 4, 400 + decimator.delay_samples());
    }

    #[test]
    fn step_start_makes_no_transient_and_zero_start_does() {
        let decimator = Decimator::new(8).unwrap();
        let mut samples = vec![5000.0_f32; 4000];
        let made = DecimatorState::new(&decimator, 1, Init::Step, 0)
            .process_in_place(&decimator, &mut samples);
        assert!(samples[..made].iter().all(|y| (y - 5000.0).abs() < 1e-3));
        let mut samples = vec![5000.0_f32; 4000];
        DecimatorState::new(&decimator, 1, Init::Zero, 0)
            .process_in_place(&decimator, &mut samples);
        assert!(samples[0].abs() < 1.0, "the past was silence");
    }

    #[test]
    fn not_a_number_stays_in_its_channel_and_passes() {
        let decimator = Decimator::new(2).unwrap();
        let mut samples = vec![1.0_f32; 3 * 600];
        samples[3 * 100 + 1] = f32::NAN;
        let made = DecimatorState::new(&decimator, 3, Init::Step, 0)
            .process_in_place(&decimator, &mut samples);
        for (at, y) in samples[..made * 3].iter().enumerate() {
            let (frame, channel) = (at / 3 * 2, at % 3);
            assert_eq!(
                y.is_nan(),
                channel == 1 && (100..=100 + decimator.settling_samples()).contains(&frame)
            );
        }
    }

    #[test]
    fn factor_one_passes_and_bad_factors_are_refused() {
        let decimator = Decimator::new(1).unwrap();
        let mut samples = [1.0_f32, -2.0, 3.0];
        assert_eq!(
            DecimatorState::new(&decimator, 1, Init::Zero, 7)
                .process_in_place(&decimator, &mut samples),
            3
        );
        assert_eq!(samples.map(f32::to_bits), [1.0_f32, -2.0, 3.0].map(f32::to_bits));
        for factor in [0, 1001, u32::MAX] {
            assert_eq!(Decimator::new(factor).unwrap_err().param, "factor");
        }
    }

    proptest! {
        #[test]
        fn packets_of_any_size_from_any_index_give_the_plain_sum(
            channels in 1_usize..20,
            factor in 1_u32..12,
            first_index in 0_u64..1_000_000_007,
            step in any::<bool>(),
            sizes in prop::collection::vec(0_usize..300, 1..8),
        ) {
            let decimator = Decimator::new(factor).unwrap();
            let init = if step { Init::Step } else { Init::Zero };
            let frames: usize = sizes.iter().sum();
            let x: Vec<f32> = (0..frames * channels).map(|k| 5000.0 + ((k * 7919) % 1009) as f32).collect();
            let mut state = DecimatorState::new(&decimator, channels, init, first_index);
            let mut whole = vec![0.0; x.len()];
            let made = state.clone().process(&decimator, &x, &mut whole);
            whole.truncate(made * channels);

            let (mut pieces, mut rest) = (vec![], x.as_slice());
            for size in sizes {
                let (packet, later) = rest.split_at(size * channels);
                rest = later;
                let (expected, index) = (state.output_frames(&decimator, size), state.next_output_index(&decimator));
                prop_assert_eq!(index, state.next_index().div_ceil(u64::from(factor)));
                let mut packet = packet.to_vec();
                let made = state.process_in_place(&decimator, &mut packet);
                prop_assert_eq!(made, expected);
                pieces.extend_from_slice(&packet[..made * channels]);
            }
            prop_assert!(whole.iter().map(|y| y.to_bits()).eq(pieces.iter().map(|y| y.to_bits())));

            let due = (0..frames).filter(|frame| (first_index + *frame as u64).is_multiple_of(u64::from(factor)));
            for (k, frame) in due.enumerate() {
                for channel in 0..channels {
                    let past = |j: usize| match frame.checked_sub(j) {
                        Some(at) => f64::from(x[at * channels + channel]),
                        None if step => f64::from(x[channel]),
                        None => 0.0,
                    };
                    let sum: f64 = decimator.taps().iter().enumerate().map(|(j, h)| h * past(j)).sum();
                    prop_assert!((f64::from(whole[k * channels + channel]) - sum).abs() < 1e-3, "f32 holds 6000 to 2.5e-4");
                }
            }
        }
    }
}
