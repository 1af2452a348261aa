//! Test signals, each a pure function of seed, channel and sample index: the same whatever the packet size,
//! from any starting point, on any machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::sync::LazyLock;

/// One part of a test signal; parts add up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signal {
    /// A sine of `uv` microvolts amplitude.
    Sine {
        /// Frequency in Hz.
        hz: f64,
        /// Amplitude in microvolts.
        uv: f64,
    },
    /// A square wave between plus and minus `uv` microvolts, starting high.
    Square {
        /// Frequency in Hz.
        hz: f64,
        /// Amplitude in microvolts.
        uv: f64,
    },
    /// White noise, uniform, of `uv_rms` microvolts rms.
    White {
        /// Microvolts rms.
        uv_rms: f64,
    },
    /// Pink (1/f) noise of about `uv_rms` microvolts rms, sixteen octaves down from half the rate.
    Pink {
        /// Microvolts rms.
        uv_rms: f64,
    },
    /// A constant electrode offset, different in every channel, up to plus or minus `uv` microvolts.
    Offset {
        /// Largest offset in microvolts.
        uv: f64,
    },
    /// Eye blinks on the first two channels, one every few seconds.
    Blinks {
        /// Peak in microvolts.
        uv: f64,
    },
    /// The sample index itself, as a code: what tests count. Nothing is added to it.
    Counter {},
}

impl Signal {
    /// Something that looks like EEG: pink background, waxing alpha at 10 Hz, blinks, mains, electrode offsets.
    pub fn eeg_like() -> Vec<Self> {
        vec![
            Self::Pink { uv_rms: 8.0 },
            Self::Sine { hz: 10.0, uv: 12.0 },
            Self::Sine { hz: 10.3, uv: 12.0 },
            Self::Blinks { uv: 120.0 },
            Self::Sine { hz: 50.0, uv: 40.0 },
            Self::Offset { uv: 5000.0 },
        ]
    }

    /// Microvolts of this part at one sample of one channel. A [`Counter`](Self::Counter) has none.
    pub fn uv_at(&self, seed: u64, channel: u64, sample: u64, moments: Moments) -> f64 {
        match *self {
            Self::Sine { hz, uv } => {
                // Every channel a little later, so that they can be told apart.
                uv * (TAU * (moments.cycles(hz, sample) - channel as f64 / 32.0)).sin()
            }
            Self::Square { hz, uv } => {
                if moments.cycles(hz, sample) < 0.5 {
                    uv
                } else {
                    -uv
                }
            }
            Self::White { uv_rms } => uv_rms * noise(seed, channel, 0, sample),
            Self::Pink { uv_rms } => {
                // Voss and McCartney: noises that each hold twice as long as the one before.
                let octaves =
                    (0..16).map(|octave| noise(seed, channel, octave + 1, sample >> octave));
                uv_rms / 4.0 * octaves.sum::<f64>()
            }
            Self::Offset { uv } => uv * noise(seed, channel, 100, 0) / 3.0_f64.sqrt(),
            Self::Blinks { uv } => {
                if channel > 1 {
                    return 0.0;
                }
                let seconds = moments.seconds(sample);
                let slot = (seconds / 3.0).floor();
                let begins_s = 1.0 + 0.8 * noise(seed, 0, 200, slot as u64) / 3.0_f64.sqrt();
                let t_s = seconds - 3.0 * slot - begins_s;
                // A raised cosine of 300 ms.
                if (0.0..0.3).contains(&t_s) {
                    uv / 2.0 * (1.0 - (TAU * t_s / 0.3).cos())
                } else {
                    0.0
                }
            }
            Self::Counter {} => 0.0,
        }
    }

    /// Adds this part to whole frames, `[frame][channel]`, of which the first is sample `first`: what
    /// [`uv_at`](Self::uv_at) says, but for the last bits, with everything that samples or channels share computed once.
    pub fn add_to(
        &self,
        seed: u64,
        first: u64,
        moments: Moments,
        channels: usize,
        block: &mut [f64],
    ) {
        let frames = (first..).zip(block.chunks_exact_mut(channels));
        match *self {
            Self::Sine { hz, uv } => {
                for (sample, frame) in frames {
                    let (sin, cos) = (TAU * moments.cycles(hz, sample)).sin_cos();
                    for (x, (lag_sin, lag_cos)) in frame.iter_mut().zip(LAGS.iter().cycle()) {
                        *x += uv * (sin * lag_cos - cos * lag_sin);
                    }
                }
            }
            Self::Pink { uv_rms } => {
                for channel in 0..channels {
                    let mut octaves = Octaves::default();
                    for (at, x) in block.iter_mut().skip(channel).step_by(channels).enumerate() {
                        let sample = first + at as u64;
                        *x += uv_rms / 4.0 * octaves.sum_at(seed, channel as u64, sample, at == 0);
                    }
                }
            }
            Self::Offset { .. } => {
                for channel in 0..channels {
                    let offset = self.uv_at(seed, channel as u64, first, moments);
                    block.iter_mut().skip(channel).step_by(channels).for_each(|x| *x += offset);
                }
            }
            Self::Blinks { .. } => {
                for (sample, frame) in frames {
                    for (channel, x) in frame.iter_mut().take(2).enumerate() {
                        *x += self.uv_at(seed, channel as u64, sample, moments);
                    }
                }
            }
            Self::Square { .. } | Self::White { .. } | Self::Counter {} => {
                for (sample, frame) in frames {
                    for (channel, x) in frame.iter_mut().enumerate() {
                        *x += self.uv_at(seed, channel as u64, sample, moments);
                    }
                }
            }
        }
    }
}

/// Sine and cosine of a channel's lag behind channel 0; channel 32 is level with it again.
static LAGS: LazyLock<[(f64, f64); 32]> =
    LazyLock::new(|| std::array::from_fn(|channel| (TAU * channel as f64 / 32.0).sin_cos()));

/// The noises that make pink noise; `sums[k]` is that of octave k and all slower ones.
#[derive(Default)]
struct Octaves {
    sums: [f64; 17],
}

impl Octaves {
    /// The sum of all octaves at a sample; `all` unless this was asked about the sample before.
    fn sum_at(&mut self, seed: u64, channel: u64, sample: u64, all: bool) -> f64 {
        // Octave k changes where 2^k divides the index, so slower ones than that stand.
        let changed = if all { 15 } else { sample.trailing_zeros().min(15) };
        for octave in (0..=changed).rev() {
            let value = noise(seed, channel, u64::from(octave) + 1, sample >> octave);
            self.sums[octave as usize] = value + self.sums[octave as usize + 1];
        }
        self.sums[0]
    }
}

/// Which moments the samples of a signal show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moments {
    /// Sample n the moment `n / rate_hz`.
    Nominal {
        /// Samples per second.
        rate_hz: f64,
    },
    /// Sample `first` the moment `at_s`, and the next ones at `rate_hz`: for a clock that is off, and wanders.
    From {
        /// The sample.
        first: u64,
        /// Its moment, in seconds.
        at_s: f64,
        /// Samples per second from there on.
        rate_hz: f64,
    },
}

impl Moments {
    fn cycles(self, hz: f64, sample: u64) -> f64 {
        match self {
            Self::Nominal { rate_hz } => cycles(hz, sample, rate_hz),
            Self::From { .. } => (hz * self.seconds(sample)).rem_euclid(1.0),
        }
    }

    fn seconds(self, sample: u64) -> f64 {
        match self {
            Self::Nominal { rate_hz } => sample as f64 / rate_hz,
            Self::From { first, at_s, rate_hz } => {
                at_s + sample.wrapping_sub(first) as i64 as f64 / rate_hz
            }
        }
    }
}

/// Cycles since sample 0 without the whole ones, exact for hours: the index is never multiplied into a large float.
fn cycles(hz: f64, sample: u64, rate_hz: f64) -> f64 {
    let per_sample = (hz / rate_hz).fract();
    let (high, low) = (sample >> 24, sample & 0x00ff_ffff);
    let carried = (per_sample * f64::from(1 << 24)).fract() * (high as f64);
    (carried.fract() + (per_sample * low as f64).fract()).fract()
}

/// Uniform noise with an rms of 1, from a hash (splitmix64, Steele et al. 2014) of where it is.
fn noise(seed: u64, channel: u64, part: u64, sample: u64) -> f64 {
    let mut x = seed
        ^ channel.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ part.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = x
        .wrapping_add(sample.wrapping_mul(0x2545_F491_4F6C_DD1D))
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    ((x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0) * 3.0_f64.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(rate_hz: f64) -> Moments {
        Moments::Nominal { rate_hz }
    }

    fn rms(signal: &Signal, samples: u64) -> f64 {
        let sum: f64 = (0..samples).map(|n| signal.uv_at(1, 2, n, at(250.0)).powi(2)).sum();
        (sum / samples as f64).sqrt()
    }

    #[test]
    fn amplitudes_are_what_they_say() {
        assert!((rms(&Signal::Sine { hz: 10.0, uv: 100.0 }, 25_000) - 70.71).abs() < 0.01);
        assert!((rms(&Signal::Square { hz: 5.0, uv: 100.0 }, 25_000) - 100.0).abs() < 1e-9);
        assert!((rms(&Signal::White { uv_rms: 3.0 }, 100_000) - 3.0).abs() < 0.05);
        let pink = rms(&Signal::Pink { uv_rms: 3.0 }, 400_000);
        assert!((2.0..4.5).contains(&pink), "{pink}");
    }

    #[test]
    fn a_block_is_the_samples_one_by_one() {
        let mut signals = Signal::eeg_like();
        signals.extend([Signal::Square { hz: 7.0, uv: 30.0 }, Signal::White { uv_rms: 2.0 }]);
        for signal in signals {
            for (first, channels) in [(0, 1), (1_000, 3), (65_530, 40)] {
                let mut block = vec![1.0; 700 * channels];
                signal.add_to(5, first, at(250.0), channels, &mut block);
                for (n, x) in block.iter().enumerate() {
                    let (frame, channel) = ((n / channels) as u64, (n % channels) as u64);
                    let expected = 1.0 + signal.uv_at(5, channel, first + frame, at(250.0));
                    assert!((x - expected).abs() < 1e-9, "{signal:?}, {n}: {x} for {expected}");
                }
            }
        }
    }

    #[test]
    fn a_sine_keeps_its_phase_for_a_day_at_16_ksps() {
        let sample = 86_400 * 16_000;
        // 10 Hz: a whole number of cycles a day, so the phase is that of the start.
        let signal = Signal::Sine { hz: 10.0, uv: 1.0 };
        for n in 0..1600 {
            let (now, then) =
                (signal.uv_at(0, 0, n, at(16_000.0)), signal.uv_at(0, 0, sample + n, at(16_000.0)));
            assert!((now - then).abs() < 1e-5, "{n}: {now} {then}");
        }
    }

    #[test]
    fn pink_noise_falls_by_3_db_an_octave() {
        // Power in the difference of neighbours against the difference over 64 samples: white would give 1.
        let pink = Signal::Pink { uv_rms: 1.0 };
        let step = |d: u64| {
            (0..50_000)
                .map(|n| (pink.uv_at(3, 0, n + d, at(1.0)) - pink.uv_at(3, 0, n, at(1.0))).powi(2))
                .sum::<f64>()
        };
        let ratio = step(64) / step(1);
        assert!((2.5..6.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_clock_that_is_right_shows_the_moments_that_are_nominal() {
        let right = Moments::From { first: 1000, at_s: 4.0, rate_hz: 250.0 };
        for signal in Signal::eeg_like() {
            for n in 900..2000 {
                let (a, b) = (signal.uv_at(3, 1, n, at(250.0)), signal.uv_at(3, 1, n, right));
                assert!((a - b).abs() < 1e-8, "{signal:?} {n}: {a} {b}");
            }
        }
    }
}
