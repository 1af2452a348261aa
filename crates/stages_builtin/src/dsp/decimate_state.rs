//! A decimator at work on interleaved frames: what it remembers, and where it is in the stream.
//!
//! The output's phase hangs on the absolute sample index (output k is input `k factor`), so packets of any size, and a
//! start in mid-stream, give the same samples. Between the steps samples stay in f64; they are rounded to f32 once.

use super::decimate::Decimator;
use super::history::History;
use super::sos::Init;
use super::symmetric::weigh_symmetric;

/// What a running [`Decimator`] remembers: the last inputs of each step and channel, and the index of the next frame.
#[derive(Debug, Clone)]
pub struct DecimatorState {
    channels: usize,
    steps: Box<[StepState]>,
    /// One frame between two steps.
    between: Box<[f64]>,
    /// One frame that a step has made.
    made: Box<[f64]>,
}

#[derive(Debug, Clone)]
struct StepState {
    /// Absolute index of the next input frame, at the step's own rate.
    index: u64,
    history: History,
}

impl DecimatorState {
    /// The state before the input frame of absolute index `first_index`.
    pub fn new(decimator: &Decimator, channels: usize, init: Init, first_index: u64) -> Self {
        let step = |taps: &[f64]| StepState {
            index: 0,
            history: History::new(taps.len(), channels, init),
        };
        let mut state = Self {
            channels,
            steps: decimator.steps().iter().map(|s| step(s.taps())).collect(),
            between: vec![0.0; channels].into(),
            made: vec![0.0; channels].into(),
        };
        state.restart(decimator, first_index);
        state
    }

    /// As fresh, before the input frame of absolute index `first_index`.
    pub fn restart(&mut self, decimator: &Decimator, first_index: u64) {
        let mut index = first_index;
        for (state, step) in self.steps.iter_mut().zip(decimator.steps()) {
            state.index = index;
            state.history.restart();
            index = index.div_ceil(step.factor() as u64);
        }
    }

    /// The next frame is the first of this channel.
    pub fn restart_channel(&mut self, channel: usize) {
        self.steps.iter_mut().for_each(|step| step.history.restart_channel(channel));
    }

    /// Goes on where another state of the same filter stopped.
    pub fn inherit(&mut self, previous: &Self) {
        for (step, previous) in self.steps.iter_mut().zip(&previous.steps) {
            step.index = previous.index;
            step.history.inherit(&previous.history);
        }
    }

    /// Absolute index of the next input frame.
    pub fn next_index(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.index)
    }

    /// Absolute index, at the new rate, of the next output frame.
    pub fn next_output_index(&self, decimator: &Decimator) -> u64 {
        self.next_index().div_ceil(decimator.factor() as u64)
    }

    /// How many frames the next `frames` input frames will make.
    pub fn output_frames(&self, decimator: &Decimator, frames: usize) -> usize {
        let (factor, index) = (decimator.factor() as u64, self.next_index());
        ((index + frames as u64).div_ceil(factor) - index.div_ceil(factor)) as usize
    }

    /// Takes whole frames, `[frame][channel]`, and appends what they make. Allocates nothing while `output` has room.
    ///
    /// # Panics
    /// If `input` is not whole frames, or the state is another filter's.
    pub fn process(&mut self, decimator: &Decimator, input: &[f32], output: &mut Vec<f32>) {
        let fits = self
            .steps
            .iter()
            .map(|s| s.history.frames())
            .eq(decimator.steps().iter().map(|s| s.taps().len()));
        assert!(fits, "the state is another decimator's");
        assert_eq!(
            input.len() % self.channels.max(1),
            0,
            "samples must be whole frames of {} channels",
            self.channels
        );
        for frame in input.chunks_exact(self.channels.max(1)) {
            for (value, x) in self.between.iter_mut().zip(frame) {
                *value = f64::from(*x);
            }
            if self.push(decimator) {
                output.extend(self.between.iter().map(|y| *y as f32));
            }
        }
    }

    /// Takes the frame in `between` through the steps; true if the last one made a frame, which is there now.
    fn push(&mut self, decimator: &Decimator) -> bool {
        for (state, step) in self.steps.iter_mut().zip(decimator.steps()) {
            state.history.push(self.between.iter().copied());
            let due = state.index.is_multiple_of(step.factor() as u64);
            state.index += 1;
            if !due {
                return false;
            }
            weigh_symmetric(step.taps(), state.history.newest(), &mut self.made);
            std::mem::swap(&mut self.between, &mut self.made);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(decimator: &Decimator, channels: usize, init: Init, samples: &[f32]) -> Vec<f32> {
        let mut out = Vec::new();
        DecimatorState::new(decimator, channels, init, 0).process(decimator, samples, &mut out);
        out
    }

    #[test]
    fn declared_delay_is_the_measured_one() {
        for factor in [4_u16, 64] {
            let decimator = Decimator::new(factor.into()).unwrap();
            let mut samples = vec![0.0_f32; 100 * usize::from(factor)];
            samples[40 * usize::from(factor)] = 1.0;
            let out = run(&decimator, 1, Init::Zero, &samples);
            assert_eq!(out.len(), 100);
            // Centre of gravity of the impulse response.
            let sum: f64 = out.iter().map(|y| f64::from(*y)).sum();
            let at =
                out.iter().enumerate().map(|(k, y)| k as f64 * f64::from(*y)).sum::<f64>() / sum;
            let delay = (at - 40.0) * f64::from(factor);
            assert!(
                (delay - decimator.delay_samples() as f64).abs() < 0.01 * f64::from(factor),
                "{delay}"
            );
        }
    }

    #[test]
    fn step_start_makes_no_transient_and_zero_start_does() {
        let decimator = Decimator::new(8).unwrap();
        let samples = vec![5000.0_f32; 4000];
        let out = run(&decimator, 1, Init::Step, &samples);
        assert!(out.iter().all(|y| (y - 5000.0).abs() < 1e-3));
        assert!(run(&decimator, 1, Init::Zero, &samples)[0].abs() < 1.0, "the past was silence");
    }

    #[test]
    fn not_a_number_stays_in_its_channel_and_passes() {
        for factor in [2, 16] {
            let decimator = Decimator::new(factor).unwrap();
            let mut samples = vec![1.0_f32; 3 * 3000];
            samples[3 * 96 + 1] = f32::NAN;
            let out = run(&decimator, 3, Init::Step, &samples);
            for (at, y) in out.iter().enumerate() {
                let (frame, channel) = (at / 3 * factor as usize, at % 3);
                let reached = (96..=96 + decimator.settling_samples()).contains(&frame);
                assert_eq!(y.is_nan(), channel == 1 && reached, "factor {factor}, frame {frame}");
            }
        }
    }

    #[test]
    fn factor_one_passes() {
        let out = run(&Decimator::new(1).unwrap(), 1, Init::Zero, &[1.0, -2.0, 3.0]);
        assert_eq!(out, [1.0, -2.0, 3.0]);
    }

    proptest! {
        #[test]
        fn packets_of_any_size_from_any_index_give_the_plain_sum(
            channels in 1_usize..20,
            factor in prop::sample::select(vec![1_u32, 2, 3, 5, 8, 12, 16]),
            first_index in 0_u64..1_000_000_007,
            step in any::<bool>(),
            sizes in prop::collection::vec(0_usize..300, 1..8),
        ) {
            let decimator = Decimator::new(factor).unwrap();
            let init = if step { Init::Step } else { Init::Zero };
            let frames: usize = sizes.iter().sum();
            let x: Vec<f32> = (0..frames * channels).map(|k| 5000.0 + ((k * 7919) % 1009) as f32).collect();
            let mut whole = Vec::new();
            DecimatorState::new(&decimator, channels, init, first_index).process(&decimator, &x, &mut whole);
            let mut state = DecimatorState::new(&decimator, channels, init, first_index);
            let (mut pieces, mut rest) = (Vec::new(), x.as_slice());
            for size in sizes {
                let (packet, later) = rest.split_at(size * channels);
                rest = later;
                let (expected, index) = (state.output_frames(&decimator, size), state.next_output_index(&decimator));
                prop_assert_eq!(index, state.next_index().div_ceil(u64::from(factor)));
                let before = pieces.len();
                state.process(&decimator, packet, &mut pieces);
                prop_assert_eq!(pieces.len() - before, expected * channels);
            }
            prop_assert!(whole.iter().map(|y| y.to_bits()).eq(pieces.iter().map(|y| y.to_bits())));

            let taps = decimator.taps();
            let due = (0..frames).filter(|frame| (first_index + *frame as u64).is_multiple_of(u64::from(factor)));
            for (k, frame) in due.enumerate() {
                for channel in 0..channels {
                    let past = |j: usize| match frame.checked_sub(j) {
                        Some(at) => f64::from(x[at * channels + channel]),
                        None if step => f64::from(x[channel]),
                        None => 0.0,
                    };
                    let sum: f64 = taps.iter().enumerate().map(|(j, h)| h * past(j)).sum();
                    // In several steps a start in mid-stream fills the past of a later step with what the first one made.
                    let settled = decimator.steps().len() == 1 || frame >= decimator.settling_samples();
                    let off = (f64::from(whole[k * channels + channel]) - sum).abs();
                    prop_assert!(!settled || off < 1e-3, "f32 holds 6000 to 2.5e-4");
                }
            }
        }
    }
}
