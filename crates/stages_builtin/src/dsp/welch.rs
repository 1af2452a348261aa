//! Power density of a window of samples, equal to `scipy.signal.welch` with its defaults: Hann, mean removed, one-sided.
//!
//! ```text
//! P[k] = c |sum_n w[n] (x[n] - mean) e^(-j 2 pi k n / N)|^2 / (rate sum_n w[n]^2),    w[n] = (1 - cos(2 pi n / N)) / 2
//! ```
//!
//! at `k rate / N` Hz, with c = 2, but 1 at 0 Hz and at half the rate, which have no mirror image. Dividing by `sum w^2` and not
//! by N is what makes the density of white noise come out right with any window (Welch, *IEEE Trans. Audio Electroacoust.* 15, 1967,
//! p. 70). Unit: that of the samples squared, per Hz.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};

/// The transform of one length and what it needs to run without allocating.
pub struct Welch {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Box<[f64]>,
    /// `1 / (rate sum w^2)`.
    scale: f64,
    samples: Vec<f64>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Welch {
    /// Windows of `frames` samples (at least 1) at `rate_hz`.
    pub fn new(frames: usize, rate_hz: f64) -> Self {
        let frames = frames.max(1);
        let fft = RealFftPlanner::new().plan_fft_forward(frames);
        let turn = |n: usize| TAU * n as f64 / frames as f64;
        let window: Box<[f64]> = (0..frames).map(|n| 0.5 - 0.5 * turn(n).cos()).collect();
        let scale = 1.0 / (rate_hz * window.iter().map(|w| w * w).sum::<f64>());
        Self {
            samples: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            window,
            scale,
        }
    }

    /// Samples of a window.
    pub fn frames(&self) -> usize {
        self.window.len()
    }

    /// Frequencies: from 0 Hz to half the rate, `rate / frames` apart.
    pub fn bins(&self) -> usize {
        self.spectrum.len()
    }

    /// Writes the density of one window, [`bins`](Self::bins) values. Allocates nothing.
    ///
    /// # Panics
    /// If `samples` are not [`frames`](Self::frames) many, or `density` has another length than [`bins`](Self::bins).
    pub fn density(&mut self, samples: impl Iterator<Item = f32>, density: &mut [f64]) {
        let mut count = 0;
        for (slot, x) in self.samples.iter_mut().zip(samples) {
            *slot = f64::from(x);
            count += 1;
        }
        assert_eq!(count, self.frames(), "one whole window");
        assert_eq!(density.len(), self.bins(), "room for every bin");
        let mean = self.samples.iter().sum::<f64>() / count as f64;
        for (x, w) in self.samples.iter_mut().zip(&self.window) {
            *x = (*x - mean) * w;
        }
        self.fft
            .process_with_scratch(&mut self.samples, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers were made by this transform");
        let last = self.bins() - 1;
        let mirrored = |k: usize| k != 0 && (k != last || !self.window.len().is_multiple_of(2));
        for (k, (density, z)) in density.iter_mut().zip(&self.spectrum).enumerate() {
            *density = self.scale * z.norm_sqr() * if mirrored(k) { 2.0 } else { 1.0 };
        }
    }
}

impl fmt::Debug for Welch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Welch").field("frames", &self.frames()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn density(samples: &[f32], rate_hz: f64) -> Vec<f64> {
        let mut welch = Welch::new(samples.len(), rate_hz);
        let mut density = vec![0.0; welch.bins()];
        welch.density(samples.iter().copied(), &mut density);
        density
    }

    #[test]
    fn a_sine_has_half_its_amplitude_squared_as_power() {
        // 20 uV at 10 Hz on an offset of 5 mV: 200 uV^2, in the bin and its two neighbours.
        for frames in [500, 501, 512] {
            let sine = |n: usize| 5000.0 + 20.0 * (TAU * 10.0 * n as f64 / 250.0).sin();
            let samples: Vec<f32> = (0..frames).map(|n| sine(n) as f32).collect();
            let power = density(&samples, 250.0).iter().sum::<f64>() * 250.0 / frames as f64;
            assert!((power - 200.0).abs() < 0.1, "{frames} frames: {power} uV^2");
        }
    }

    #[test]
    fn white_noise_has_its_variance_over_half_the_rate_as_density() {
        // Uniform noise of 12 uV: variance 12 uV^2, density 12 / 125 uV^2/Hz at 250 samples/s.
        let mut state = 1_u32;
        let samples: Vec<f32> = (0..50_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                12.0 * ((state >> 8) as f32 / (1 << 24) as f32 - 0.5)
            })
            .collect();
        let density = density(&samples, 250.0);
        let mean = density.iter().sum::<f64>() / density.len() as f64;
        assert!((mean / (12.0 / 125.0) - 1.0).abs() < 0.02, "{mean} uV^2/Hz");
    }
}
