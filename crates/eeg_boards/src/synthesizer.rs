//! Codes made of arithmetic: what an ADC would say of the signals at its inputs, clipped as it clips, without any chip.

use crate::ads1299::{CODE_RANGE, step_uv};
use crate::signal::{Moments, Signal};

/// Signals in 24-bit codes. It has no clock of its own: the caller asks for samples when they are due.
#[derive(Debug, Clone)]
pub struct Synthesizer {
    channels: usize,
    rate_hz: f64,
    step_uv: f64,
    seed: u64,
    signals: Vec<Signal>,
    /// Microvolts at the inputs, `[frame][channel]`: scratch.
    uv: Vec<f64>,
}

impl Synthesizer {
    /// `channels` inputs at one gain, measuring `signals`.
    pub fn new(channels: usize, rate_hz: f64, gain: f64, seed: u64, signals: Vec<Signal>) -> Self {
        Self { channels, rate_hz, step_uv: step_uv(gain), seed, signals, uv: Vec::new() }
    }

    /// Appends the codes of `frames` frames from sample `first` on, `[frame][channel]`.
    pub fn read(&mut self, first: u64, frames: usize, codes: &mut Vec<i32>) {
        if self.signals.contains(&Signal::Counter {}) {
            for sample in first..first + frames as u64 {
                codes.extend((0..self.channels).map(|_| (sample & 0x7f_ffff) as i32));
            }
            return;
        }
        self.uv.clear();
        self.uv.resize(frames * self.channels, 0.0);
        for signal in &self.signals {
            let moments = Moments::Nominal { rate_hz: self.rate_hz };
            signal.add_to(self.seed, first, moments, self.channels, &mut self.uv);
        }
        let code =
            |uv: &f64| ((uv / self.step_uv).round() as i32).clamp(CODE_RANGE.0, CODE_RANGE.1);
        codes.extend(self.uv.iter().map(code));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_packet_begins_does_not_matter() {
        let mut board = Synthesizer::new(3, 500.0, 24.0, 7, Signal::eeg_like());
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        board.read(0, 1000, &mut whole);
        for first in (0..1000).step_by(50) {
            board.read(first, 50, &mut parts);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn codes_clip_at_the_rails_and_100_uv_is_4474_codes_at_gain_24() {
        let board = |uv| Synthesizer::new(1, 500.0, 24.0, 7, vec![Signal::Square { hz: 1.0, uv }]);
        let mut codes = Vec::new();
        board(100.0).read(0, 1, &mut codes);
        board(1e9).read(0, 1, &mut codes);
        board(-1e9).read(0, 1, &mut codes);
        assert_eq!(codes, [4474, 8_388_607, -8_388_608]);
    }

    #[test]
    fn a_counter_counts() {
        let mut board = Synthesizer::new(2, 500.0, 24.0, 7, vec![Signal::Counter {}]);
        let mut codes = Vec::new();
        board.read(41, 2, &mut codes);
        assert_eq!(codes, [41, 41, 42, 42]);
    }
}
