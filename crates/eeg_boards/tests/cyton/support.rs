//! A board in simulated time whose every code tells which conversion it is of.

use eeg_boards::Board;
use eeg_boards::ads1299::settings::{Channel, Gain, Input, Reference};
use eeg_boards::board::{Frames, Loss, Reading};
use eeg_boards::cyton::simulator::{Codes, CytonSimulation, SimulatedCyton, SimulatedLink};
use eeg_boards::cyton::{Cyton, CytonSettings};

/// The code of conversion `k` in a channel: full range, all bytes.
pub(crate) fn code(k: u64, channel: usize) -> i32 {
    let mut x = (k * 16 + channel as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    (x & 0xFF_FFFF) as i32 - (1 << 23)
}

/// Fills in the codes of every conversion.
pub(crate) fn codes() -> Codes {
    Box::new(|k, codes| {
        codes.iter_mut().enumerate().for_each(|(channel, to)| *to = code(k, channel));
    })
}

/// What a frame's codes are when its last conversion is `k`.
pub(crate) fn frame(k: u64, daisy: bool) -> Vec<i32> {
    if !daisy {
        return (0..8).map(|channel| code(k, channel)).collect();
    }
    // The means of two conversions, the daisy's one later.
    let sum = |k: u64, channel| f64::from(code(k - 1, channel)) + f64::from(code(k, channel));
    let mean = |k: u64, channel| (sum(k, channel) / 2.0).trunc() as i32;
    (0..16).map(|channel| mean(if channel < 8 { k - 1 } else { k }, channel)).collect()
}

pub(crate) fn settings(channels: usize) -> CytonSettings {
    let channels = vec![Channel { gain: Gain::X24, input: Input::Normal }; channels];
    CytonSettings { channels, reference: Reference::Srb2, bias: true, lead_off: None }
}

pub(crate) struct Rig {
    pub(crate) board: Cyton,
    pub(crate) link: SimulatedLink,
    daisy: bool,
    frames: Frames,
    /// Numbers of the frames that came, and of the conversions they are of.
    pub(crate) got: Vec<(u64, u64)>,
    pub(crate) lost: u64,
    pub(crate) events: Vec<String>,
}

impl Rig {
    pub(crate) fn new(simulation: CytonSimulation) -> Self {
        let daisy = simulation.daisy;
        let link = SimulatedLink::new(SimulatedCyton::new(simulation, codes()));
        let settings = settings(if daisy { 16 } else { 8 });
        let board = Cyton::new(Box::new(link.clone()), settings).unwrap();
        Self {
            board,
            link,
            daisy,
            frames: Frames::default(),
            got: Vec::new(),
            lost: 0,
            events: Vec::new(),
        }
    }

    pub(crate) fn now_s(&self) -> f64 {
        self.board.now().0 as f64 / 1e9
    }

    /// Reads until a time; every frame is looked up among the conversions not seen yet.
    pub(crate) fn run(&mut self, until_s: f64) {
        let channels = if self.daisy { 16 } else { 8 };
        while self.now_s() < until_s {
            match self.board.read(25, &mut self.frames) {
                Reading::Block(block) => {
                    assert!(block.captured_ns <= self.board.now().0);
                    self.lost += block.lost_before;
                    for (n, codes) in self.frames.codes.chunks_exact(channels).enumerate() {
                        let after =
                            self.got.last().map_or(u64::from(self.daisy) * 2, |(_, k)| k + 1);
                        let k = (after..after + 20_000).find(|k| frame(*k, self.daisy) == codes);
                        let k = k.unwrap_or_else(|| {
                            panic!("a frame that was never sent, after {after}: {codes:?}")
                        });
                        self.got.push((block.first_sample + n as u64, k));
                    }
                    self.frames.clear();
                }
                Reading::Idle => {}
                Reading::Event(event) => self.events.push(event.text),
            }
        }
    }

    /// The numbers of frames are those of their conversions, but for a constant, and what is missing was told.
    pub(crate) fn assert_numbered(&self, but_for: u64) {
        let per_frame = if self.daisy { 2 } else { 1 };
        let offset = |(n, k): (u64, u64)| k as i64 - (n * per_frame) as i64;
        let first = offset(self.got[0]);
        for (at, got) in self.got.iter().enumerate() {
            assert!(
                offset(*got).abs_diff(first) <= but_for,
                "frame {at}, number {}: conversion {}, {} off, after {:?}",
                got.0,
                got.1,
                offset(*got) - first,
                self.got[at.saturating_sub(1)]
            );
        }
        assert!(self.got.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let (first, last) = (self.got[0].0, self.got[self.got.len() - 1].0);
        assert_eq!(last - first + 1, self.got.len() as u64 + self.lost, "got and lost make all");
        let counters = self.board.counters();
        let lost: u64 = Loss::ALL.iter().map(|cause| counters.lost(*cause)).sum();
        assert_eq!((counters.delivered(), lost), (self.got.len() as u64, self.lost));
    }

    pub(crate) fn lost(&self, cause: Loss) -> u64 {
        self.board.counters().lost(cause)
    }
}
