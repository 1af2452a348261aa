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
    /// Of the last block, the sum of each value and all after it.
    rest: Vec<f64>,
    /// Sum of this block so far.
    sum: Vec<f64>,
    /// Frames in this block.
    at: usize,
    /// Frames in the window.
    count: usize,
}

impl MovingMean {
    /// A window of `window` frames (at least 1) of `channels` values.
    pub fn new(window: usize, channels: usize) -> Self {
        let window = window.max(1);
        Self {
            channels,
            window,
            block: vec![0.0; window * channels],
            rest: vec![0.0; window * channels],
            sum: vec![0.0; channels],
            at: 0,
            count: 0,
        }
    }

    /// As fresh.
    pub fn reset(&mut self) {
        self.rest.fill(0.0);
        self.sum.fill(0.0);
        (self.at, self.count) = (0, 0);
    }

    /// Takes whole frames, `[frame][channel]`: `value(x)` joins the mean, `result(x, mean)` takes the sample's place.
    pub fn process(
        &mut self,
        samples: &mut [f32],
        value: impl Fn(f64) -> f64,
        result: impl Fn(f64, f64) -> f64,
    ) {
        for frame in samples.chunks_exact_mut(self.channels.max(1)) {
            self.count = (self.count + 1).min(self.window);
            let row = self.at * self.channels;
            self.at += 1;
            // What is left of the last block begins one frame after this frame's place in it.
            let rest = self.at * self.channels;
            for (channel, x) in frame.iter_mut().enumerate() {
                let sample = f64::from(*x);
                let value = value(sample);
                self.block[row + channel] = value;
                self.sum[channel] += value;
                let before = self.rest.get(rest + channel).copied().unwrap_or(0.0);
                let mean = (before + self.sum[channel]) / self.count as f64;
                *x = result(sample, mean) as f32;
            }
            if self.at == self.window {
                self.turn();
            }
        }
    }

    /// This block becomes the last one.
    fn turn(&mut self) {
        std::mem::swap(&mut self.block, &mut self.rest);
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
}
