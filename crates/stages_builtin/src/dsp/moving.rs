//! The mean of the newest samples of each channel, exact for ever: nothing is ever subtracted again.
//!
//! ```text
//! m[n] = (1 / N) sum_{k<N} v(x[n - k])       over the samples there are, until there are N
//! ```
//!
//! A running sum that adds the new and subtracts the old sample keeps every rounding error and every NaN. Here time is cut
//! into blocks of N: the window is the end of the last block, whose sums are made once when it is full, and the beginning of this
//! one (van Herk, *Pattern Recognition Letters* 13, 1992, p. 517, does so for maxima). A NaN is gone after N samples.

/// Means of a moving window, for a number of channels.
#[derive(Debug, Clone)]
pub struct MovingMean {
    channels: usize,
    window: usize,
    /// Values of this block so far, `[frame][channel]`.
    block: Vec<f64>,
    /// Values of the last block.
    last: Vec<f64>,
    /// Of the last block, the sum of each value and all after it.
    rest: Vec<f64>,
    /// Sum of this block so far.
    sum: Vec<f64>,
    /// Frames in this block.
    at: usize,
    /// Frames since each channel began.
    seen: Vec<usize>,
}

impl MovingMean {
    /// A window of `window` frames (at least 1) of `channels` values.
    pub fn new(window: usize, channels: usize) -> Self {
        let window = window.max(1);
        let block = vec![0.0; window * channels];
        Self {
            channels,
            window,
            last: block.clone(),
            rest: block.clone(),
            block,
            sum: vec![0.0; channels],
            at: 0,
            seen: vec![0; channels],
        }
    }

    /// Frames of the window.
    pub fn window(&self) -> usize {
        self.window
    }

    /// As fresh.
    pub fn reset(&mut self) {
        self.last.fill(0.0);
        self.rest.fill(0.0);
        self.sum.fill(0.0);
        self.seen.fill(0);
        self.at = 0;
    }

    /// One channel as fresh: the mean is over the samples there are from now on.
    pub fn reset_channel(&mut self, channel: usize) {
        for values in [&mut self.block, &mut self.last, &mut self.rest] {
            values.iter_mut().skip(channel).step_by(self.channels).for_each(|value| *value = 0.0);
        }
        self.sum[channel] = 0.0;
        self.seen[channel] = 0;
    }

    /// Takes over the newest values of another window, as many as this one holds and that one still has.
    pub fn inherit(&mut self, previous: &mut Self) {
        if previous.channels != self.channels {
            return;
        }
        if previous.window == self.window {
            return std::mem::swap(self, previous);
        }
        self.reset();
        let width = self.channels.max(1);
        let newer = previous.block.chunks_exact(width).take(previous.at);
        let known = previous.window + previous.at;
        let kept = self.window.min(known);
        let frames = previous.last.chunks_exact(width).chain(newer).skip(known - kept);
        for (frame, age) in frames.zip((1..=kept).rev()) {
            for (channel, value) in frame.iter().enumerate() {
                if age <= previous.seen[channel] {
                    self.join(channel, *value);
                } else {
                    self.block[self.at * self.channels + channel] = 0.0;
                }
            }
            self.next_frame();
        }
    }

    /// Takes whole frames, `[frame][channel]`: `value(x)` joins the mean, `result(x, mean)` takes the sample's place.
    pub fn process(
        &mut self,
        samples: &mut [f32],
        value: impl Fn(f64) -> f64,
        result: impl Fn(f64, f64) -> f64,
    ) {
        for frame in samples.chunks_exact_mut(self.channels.max(1)) {
            // What is left of the last block begins one frame after this frame's place in it.
            let rest = (self.at + 1) * self.channels;
            for (channel, x) in frame.iter_mut().enumerate() {
                let sample = f64::from(*x);
                self.join(channel, value(sample));
                let before = self.rest.get(rest + channel).copied().unwrap_or(0.0);
                let mean =
                    (before + self.sum[channel]) / self.seen[channel].min(self.window) as f64;
                *x = result(sample, mean) as f32;
            }
            self.next_frame();
        }
    }

    fn join(&mut self, channel: usize, value: f64) {
        self.block[self.at * self.channels + channel] = value;
        self.sum[channel] += value;
        self.seen[channel] += 1;
    }

    fn next_frame(&mut self) {
        self.at += 1;
        if self.at < self.window {
            return;
        }
        // This block becomes the last one.
        std::mem::swap(&mut self.block, &mut self.last);
        self.rest.copy_from_slice(&self.last);
        self.sum.fill(0.0);
        for row in self.rest.chunks_exact_mut(self.channels.max(1)).rev() {
            for (value, sum) in row.iter_mut().zip(&mut self.sum) {
                *sum += *value;
                *value = *sum;
            }
        }
        self.sum.fill(0.0);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mean(window: usize, channels: usize, samples: &[f32], packet: usize) -> Vec<f32> {
        let mut out = samples.to_vec();
        let mut moving = MovingMean::new(window, channels);
        for frames in out.chunks_mut(packet * channels) {
            moving.process(frames, |x| x, |_, mean| mean);
        }
        out
    }

    proptest! {
        #[test]
        fn the_mean_is_that_of_the_last_samples_for_any_packets(
            window in 1_usize..40, channels in 1_usize..4, packet in 1_usize..50,
            samples in prop::collection::vec(-1000..1000_i32, 300),
        ) {
            let frames = samples.len() / channels;
            let samples: Vec<f32> = samples[..frames * channels].iter().map(|x| *x as f32).collect();
            let out = mean(window, channels, &samples, packet);
            for (at, mean) in out.iter().enumerate() {
                let (frame, channel) = (at / channels, at % channels);
                let first = (frame + 1).saturating_sub(window);
                let sum: f64 = (first..=frame).map(|k| f64::from(samples[k * channels + channel])).sum();
                // Sums of whole numbers are exact.
                prop_assert_eq!(*mean, (sum / (frame + 1 - first) as f64) as f32);
            }
        }
    }

    #[test]
    fn a_nan_leaves_with_the_window_and_an_artefact_leaves_no_trace() {
        let mut samples = vec![0.001_f32; 40];
        samples[7] = f32::NAN;
        let out = mean(5, 1, &samples, 3);
        assert!(out.iter().enumerate().all(|(n, m)| m.is_nan() == (7..12).contains(&n)), "{out:?}");
        samples[7] = 1e30;
        let out = mean(5, 1, &samples, 3);
        assert!(out[12..].iter().all(|m| (m - 0.001).abs() < 1e-9), "{out:?}");
    }

    #[test]
    fn another_window_goes_on_from_the_same_past() {
        let signal: Vec<f32> = (0..60).map(|n| (n * n % 97) as f32).collect();
        for (old, new, at) in [(5, 3, 7), (5, 9, 23), (8, 8, 24), (6, 30, 4)] {
            let (mut samples, mut first) = (signal.clone(), MovingMean::new(old, 1));
            first.process(&mut samples[..at], |x| x, |_, mean| mean);
            let mut second = MovingMean::new(new, 1);
            second.inherit(&mut first);
            second.process(&mut samples[at..], |x| x, |_, mean| mean);
            // Of what came before, the old window still has its newest block and the one in the making.
            let begin = (at / old).saturating_sub(1) * old;
            for (n, mean) in samples.iter().enumerate().skip(at) {
                let from = (n + 1).saturating_sub(new).max(begin);
                let sum: f32 = signal[from..=n].iter().sum();
                assert_eq!(*mean, sum / (n + 1 - from) as f32, "{old} -> {new} at {at}, {n}");
            }
        }
    }

    #[test]
    fn one_channel_starts_anew_and_the_other_goes_on() {
        let mut moving = MovingMean::new(3, 2);
        let mut samples = [9.0_f32; 8];
        moving.process(&mut samples, |x| x, |_, mean| mean);
        moving.reset_channel(1);
        let mut samples = [0.0, 1.0, 0.0, 3.0, 0.0, 5.0, 0.0, 7.0];
        moving.process(&mut samples, |x| x, |_, mean| mean);
        assert_eq!(samples, [6.0, 1.0, 3.0, 2.0, 0.0, 3.0, 0.0, 5.0]);
    }
}
