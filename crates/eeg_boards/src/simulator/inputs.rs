//! What is at a simulated board's inputs: test signals, a recording, or anything else that has a value at every moment.

use crate::ads1299::timing::sinc3;
use crate::signal::{Moments, Signal};

/// Something to be measured.
pub trait Inputs: Send {
    /// Microvolts of every channel at the moment `at_s`, when conversion `sample` is taken, one of `rate_hz` a second.
    fn microvolts(&mut self, sample: u64, at_s: f64, rate_hz: f64, uv: &mut [f64]);

    /// Codes instead, which the chip hands out as they are: a pattern for a test. False: there are none.
    fn codes(&mut self, _sample: u64, _codes: &mut [i32]) -> bool {
        false
    }
}

/// Computed so many conversions at a time.
const BLOCK: u64 = 32;

/// Test signals. Sines come through the chip's filter as they should; the other parts are taken as they are.
#[derive(Debug)]
pub struct TestSignals {
    seed: u64,
    signals: Vec<Signal>,
    counts: bool,
    /// As the chip's filter leaves them, at this rate.
    filtered: Vec<Signal>,
    rate_hz: f64,
    /// Microvolts of a block, `[conversion][channel]`, and its first conversion and moment.
    block: Vec<f64>,
    first: u64,
    at_s: f64,
}

impl TestSignals {
    /// The sum of `signals`; another seed, another noise.
    pub fn new(signals: Vec<Signal>, seed: u64) -> Self {
        let counts = signals.contains(&Signal::Counter {});
        let filtered = signals.clone();
        Self {
            seed,
            signals,
            counts,
            filtered,
            rate_hz: 0.0,
            block: Vec::new(),
            first: 0,
            at_s: 0.0,
        }
    }

    fn filter(&mut self, rate_hz: f64) {
        if (self.rate_hz / rate_hz - 1.0).abs() > 1e-3 {
            self.filtered = self.signals.clone();
            for signal in &mut self.filtered {
                if let Signal::Sine { hz, uv } = signal {
                    *uv *= sinc3(*hz / rate_hz);
                }
            }
            self.block.clear();
        }
        self.rate_hz = rate_hz;
    }

    fn holds(&self, sample: u64, at_s: f64, rate_hz: f64) -> bool {
        let after = sample.wrapping_sub(self.first);
        let due_s = self.at_s + after as f64 / rate_hz;
        after < BLOCK && !self.block.is_empty() && (due_s - at_s).abs() * rate_hz < 0.01
    }
}

impl Inputs for TestSignals {
    fn microvolts(&mut self, sample: u64, at_s: f64, rate_hz: f64, uv: &mut [f64]) {
        let channels = uv.len();
        self.filter(rate_hz);
        if !self.holds(sample, at_s, rate_hz) {
            (self.first, self.at_s) = (sample, at_s);
            self.block.clear();
            self.block.resize(BLOCK as usize * channels, 0.0);
            let moments = Moments::From { first: sample, at_s, rate_hz };
            for signal in &self.filtered {
                signal.add_to(self.seed, sample, moments, channels, &mut self.block);
            }
        }
        let row = (sample - self.first) as usize * channels;
        uv.copy_from_slice(&self.block[row..row + channels]);
    }

    fn codes(&mut self, sample: u64, codes: &mut [i32]) -> bool {
        if self.counts {
            codes.fill((sample & 0x7F_FFFF) as i32);
        }
        self.counts
    }
}

/// A recording, played again and again; between two of its samples the value is on the line between them.
#[derive(Debug)]
pub struct Recorded {
    microvolts: Vec<f32>,
    channels: usize,
    rate_hz: f64,
}

impl Recorded {
    /// Samples `[frame][channel]` in microvolts. A board with more channels shows the first ones again on the others.
    ///
    /// # Panics
    /// When there is not one frame.
    pub fn new(microvolts: Vec<f32>, channels: usize, rate_hz: f64) -> Self {
        assert!(channels > 0 && microvolts.len() >= channels, "a recording has at least one frame");
        Self { microvolts, channels, rate_hz }
    }
}

impl Inputs for Recorded {
    fn microvolts(&mut self, _sample: u64, at_s: f64, _rate_hz: f64, uv: &mut [f64]) {
        let frames = self.microvolts.len() / self.channels;
        let position = (at_s * self.rate_hz).rem_euclid(frames as f64);
        let (before, share) = (position as usize % frames, position.fract());
        let after = (before + 1) % frames;
        for (channel, uv) in uv.iter_mut().enumerate() {
            let value = |frame: usize| {
                f64::from(self.microvolts[frame * self.channels + channel % self.channels])
            };
            *uv = value(before) + share * (value(after) - value(before));
        }
    }
}
