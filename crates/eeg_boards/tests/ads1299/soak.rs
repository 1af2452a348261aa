//! Hours of simulated time with a thousand faults of every kind: the ledger balances to the sample, every gap has the right length
//! and place, no sample is wrong, and after each fault the stream comes back by itself.
//!
//! `EEGD_SOAK_HOURS=24 EEGD_SOAK_SPS=4000 cargo test --release -p eeg_boards --test ads1299 soak -- --nocapture` is the whole of it.

use crate::support::{losses, options, wiring, with};
use eeg_boards::ads1299::bus::Drdy;
use eeg_boards::ads1299::settings::Rate;
use eeg_boards::board::{Board, Frames, Reading};
use eeg_boards::simulator::{BenchSettings, Fault, Inputs, OscillatorError, TrueRun};

const CHANNELS: usize = 16;
const FAULTS: usize = 1000;
const RAIL: i32 = 8_388_607;

/// Channel 1 counts, the others show a number that belongs to the sample and the channel alone.
struct Pattern;

fn pattern(sample: u64, channel: usize) -> i32 {
    if channel == 0 {
        return (sample & 0x7F_FFFF) as i32;
    }
    let mixed = (sample ^ (channel as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as i32 - (1 << 23)
}

impl Inputs for Pattern {
    fn microvolts(&mut self, _sample: u64, _at_s: f64, _rate_hz: f64, _uv: &mut [f64]) {}
    fn codes(&mut self, sample: u64, codes: &mut [i32]) -> bool {
        for (channel, code) in codes.iter_mut().enumerate() {
            *code = pattern(sample, channel);
        }
        true
    }
}

/// One of each kind in turn, at random moments of its share of the time.
fn script(total_s: f64, period_s: f64) -> Vec<Fault> {
    let share_s = total_s / (FAULTS + 2) as f64;
    let mut state = 1_u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    (0..FAULTS)
        .map(|n| {
            let at_s = 2.0 + share_s * (n as f64 + 0.3 * random());
            // Not the one that counts.
            let channel = 2 + (random() * 14.99) as usize;
            match n % 11 {
                0 => Fault::MissedEdges { at_s, count: 1 + (random() * 20.0) as u32 },
                1 => Fault::LateEdge { at_s, for_s: period_s * 6.0 * random() },
                2 => Fault::LateRead { at_s, for_s: 0.3 * random() * random() },
                3 => Fault::BitFlips { at_s, count: 1 + (random() * 60.0) as u32 },
                4 => Fault::BrownOut { at_s, chip: (random() < 0.5).then_some(n % 2) },
                5 => Fault::Unplugged { at_s, for_s: 0.05 + 0.5 * random() },
                6 => Fault::SilentDrdy { at_s, for_s: 0.02 + 0.2 * random() },
                7 => Fault::CounterJump { at_s, by: 1 + (random() * 9.0) as u32 },
                8 => Fault::ClockStep { at_s, by_s: 7200.0 * (random() - 0.5) },
                9 => Fault::Rails { at_s, for_s: 0.2, channel: Some(channel) },
                _ => Fault::ElectrodeOff { at_s, for_s: 0.2, channel },
            }
        })
        .collect()
}

/// When a conversion really was complete, and in which run. A chip that has lost its settings converts at another rate, to be heard
/// by nobody.
fn true_ns(runs: &[TrueRun], period_ns: f64, sample: u64) -> (usize, f64) {
    let is_it =
        |run: &TrueRun| run.first_sample <= sample && (run.period_ns / period_ns - 1.0).abs() < 0.1;
    let run = runs.iter().rposition(is_it).unwrap();
    let after = (sample - runs[run].first_sample) as f64;
    (run, runs[run].first_ns + after * runs[run].period_ns)
}

#[derive(Default)]
struct Checker {
    period_ns: f64,
    frames: u64,
    gaps: u64,
    lost: u64,
    rails: u64,
    /// Number and true conversion of the last frame.
    last: Option<(u64, u64)>,
    /// Faults that are over, and whether right samples have come since.
    survived: usize,
}

impl Checker {
    fn frame(&mut self, n: u64, frame: &[i32], runs: &[TrueRun]) {
        // What was converted: the count in channel 1, near the number.
        let near = n & 0x7F_FFFF;
        let off = (i64::from(frame[0]) - near as i64 + (1 << 22)).rem_euclid(1 << 23) - (1 << 22);
        let sample = n.wrapping_add_signed(off);
        for (channel, code) in frame.iter().enumerate() {
            if *code != pattern(sample, channel) {
                assert_eq!(*code, RAIL, "sample {n}, channel {channel}: {frame:X?}");
                self.rails += 1;
            }
        }
        if let Some((last_n, last_sample)) = self.last {
            let (run, now_ns) = true_ns(runs, self.period_ns, sample);
            let (last_run, last_ns) = true_ns(runs, self.period_ns, last_sample);
            if run == last_run {
                assert_eq!(
                    n - last_n,
                    sample - last_sample,
                    "a gap before {n} is of another length"
                );
            } else {
                let periods = (now_ns - last_ns) / runs[run].period_ns;
                let counted = (n - last_n) as f64;
                assert!((periods - counted).abs() < 0.6, "{counted} for {periods} before {n}");
            }
        }
        self.last = Some((n, sample));
        self.frames += 1;
    }
}

impl Checker {
    /// A block came, all of it of the time from `from_s` on: each fault that was over by then has been survived, before the next one
    /// began.
    fn stream_is_back(&mut self, faults: &[Fault], from_s: f64, captured_s: f64) {
        while let Some(fault) = faults.get(self.survived) {
            if fault.at_s() + fault.for_s() > from_s {
                return;
            }
            let next_s = faults.get(self.survived + 1).map_or(f64::INFINITY, Fault::at_s);
            assert!(
                captured_s < next_s,
                "{fault:?}: nothing came before the next fault at {next_s}"
            );
            self.survived += 1;
        }
    }
}

fn setting(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn a_thousand_faults_cost_what_the_ledger_says_and_nothing_else() {
    let hours = setting("EEGD_SOAK_HOURS", 1);
    let rate = Rate::from_sps(setting("EEGD_SOAK_SPS", 500)).unwrap();
    let total_s = f64::from(hours) * 3600.0;
    let oscillator = OscillatorError { ppm: 3000.0, ..OscillatorError::default() };
    let faults = script(total_s, 1.0 / f64::from(rate.sps()));
    let bench = BenchSettings {
        oscillator,
        faults: faults.clone(),
        interrupt_tail: (1e-4, 1e6),
        event_queue: 64,
        ..BenchSettings::new(wiring(2))
    };
    let mut options = options(&bench.wiring);
    options.read_twice = true;
    let mut board = with(bench, options, rate, Box::new(Pattern));
    board.open().unwrap();
    let period_ns = 1e9 / f64::from(rate.sps());
    let mut checker = Checker { period_ns, ..Checker::default() };
    let (mut frames, mut events) = (Frames::default(), 0);
    let (wanted, mut last_ns) = (rate.sps() as usize / 100, 0);
    let powered_ns = board.wires().now_ns() - board.wires().elapsed_ns();
    while board.wires().elapsed_ns() < (total_s * 1e9) as u64 {
        match board.read(wanted, &mut frames) {
            Reading::Idle => {}
            Reading::Event(_) => events += 1,
            Reading::Block(block) => {
                assert_eq!(
                    block.lost_before,
                    block.first_sample - checker.last.map_or(0, |l| l.0 + 1)
                );
                checker.gaps += u64::from(block.lost_before > 0);
                checker.lost += block.lost_before;
                let runs = board.wires().true_runs();
                for (n, frame) in (block.first_sample..).zip(frames.codes.chunks_exact(CHANNELS)) {
                    checker.frame(n, frame, runs);
                }
                let since_s = block.captured_ns.saturating_sub(last_ns) as f64 / 1e9;
                assert!(last_ns == 0 || since_s < 3.0, "away for {since_s} s before {block:?}");
                last_ns = block.captured_ns;
                let captured_s = (block.captured_ns - powered_ns) as f64 / 1e9;
                let from_s = captured_s - frames.len() as f64 * period_ns / 1e9;
                checker.stream_is_back(&faults, from_s, captured_s);
                frames.clear();
            }
        }
    }
    assert_eq!(checker.survived, FAULTS);
    let counters = board.counters();
    let (last, _) = checker.last.unwrap();
    assert_eq!(counters.delivered(), checker.frames);
    assert_eq!(counters.conversions(), last + 1);
    assert_eq!(counters.conversions(), checker.frames + checker.lost);
    assert_eq!(board.wires().violations(), [""; 0]);
    assert!(board.now().0 - last_ns < 1_000_000_000, "it converts to the end");
    for cause in ["missed", "overflow", "late", "corrupt", "unverified", "outage"] {
        assert!(losses(&board).iter().any(|(lost, _)| *lost == cause), "{cause} did not occur");
    }
    // A count that jumps and a clock that is set cost nothing; the other kinds do, most of them one gap each.
    assert!((450..=1500).contains(&checker.gaps), "{}", checker.gaps);
    assert!(checker.rails > 0 && counters.recoveries() >= 200);
    println!(
        "{hours} h at {} samples/s x {CHANNELS}: {} conversions = {} delivered + {} lost in {} gaps ({:?}); \
         {} recoveries, {} rereads, {events} events",
        rate.sps(),
        counters.conversions(),
        checker.frames,
        checker.lost,
        checker.gaps,
        losses(&board),
        counters.recoveries(),
        counters.rereads(),
    );
}
