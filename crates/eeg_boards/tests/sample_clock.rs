//! The sample clock against simulated boards whose true times are known: oscillators that are off and drift, stamps
//! that are late at random, edges that are missing. Figures are printed: `cargo test -p eeg_boards --test sample_clock -- --nocapture`.

use eeg_boards::sample_clock::{EdgeCounter, SampleClock, SampleClockSettings};
use proptest::prelude::*;

/// splitmix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// From 0 to 1.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A board and the kernel that stamps its edges.
#[derive(Debug, Clone, Copy)]
struct Board {
    nominal_hz: f64,
    /// Error of the oscillator at the start.
    off_ppm: f64,
    /// It warms up with this much change of its rate in the end, with a time constant of five minutes.
    warm_up_ppm: f64,
    /// And follows the air conditioning, up and down in ten minutes, by so much.
    swing_ppm: f64,
    /// Half of the stamps are later than this. The tail falls with the square: one in 10,000 is a hundred times later,
    /// up to 9 ms.
    late_us: f64,
    /// Part of the edges that nobody sees.
    missing: f64,
    /// After so many seconds the rate jumps by so many ppm.
    jump: (f64, f64),
    /// From so many seconds on, for so many seconds, every stamp is late by at least so many microseconds.
    stress: (f64, f64, f64),
}

const TYPICAL: Board = Board {
    nominal_hz: 250.0,
    off_ppm: 0.0,
    warm_up_ppm: 0.0,
    swing_ppm: 0.0,
    late_us: 10.0,
    missing: 0.05,
    jump: (f64::INFINITY, 0.0),
    stress: (f64::INFINITY, 0.0, 0.0),
};

struct Run {
    board: Board,
    random: Random,
    n: u64,
    /// Nanoseconds since the start, so that a float holds it to a fraction of one.
    truth_ns: f64,
    start_ns: u64,
    first: u64,
}

impl Run {
    fn new(board: Board, seed: u64) -> Self {
        let mut random = Random(seed);
        // The machine has been up for a year or a minute, the board has counted for as long.
        let start_ns = random.next() >> (8 + random.next() % 24);
        let first = random.next() >> (8 + random.next() % 56);
        Self { board, random, n: first, truth_ns: 0.0, start_ns, first }
    }

    fn t_s(&self) -> f64 {
        self.truth_ns / 1e9
    }

    fn true_ppm(&self) -> f64 {
        let Board { off_ppm, warm_up_ppm, swing_ppm, .. } = self.board;
        off_ppm
            + warm_up_ppm * (1.0 - (-self.t_s() / 300.0).exp())
            + swing_ppm * (std::f64::consts::TAU * self.t_s() / 600.0).sin()
            + if self.t_s() > self.board.jump.0 { self.board.jump.1 } else { 0.0 }
    }

    /// The next conversion, and its stamp unless it is missing.
    fn advance(&mut self) -> Option<u64> {
        self.n += 1;
        self.truth_ns += 1e9 / self.board.nominal_hz / (1.0 + self.true_ppm() / 1e6);
        let u = self.random.uniform();
        // Half are below `late_us`; P(later than x) falls as x^-2.
        let late_us = self.board.late_us * ((1.0 - u).powf(-0.5) - 1.0) / (2_f64.sqrt() - 1.0);
        let (from, for_s, by_us) = self.board.stress;
        let late_us =
            if (from..from + for_s).contains(&self.t_s()) { late_us + by_us } else { late_us };
        let stamp_ns = self.truth_ns + late_us.min(9_000.0) * 1e3;
        (self.random.uniform() >= self.board.missing)
            .then(|| self.start_ns + stamp_ns.round() as u64)
    }

    /// How late a published time is.
    fn error_us(&self, published_ns: u64) -> f64 {
        ((published_ns.wrapping_sub(self.start_ns)) as i64 as f64 - self.truth_ns) / 1e3
    }
}

/// What came out of a run of ten minutes.
#[derive(Debug)]
struct Figures {
    worst_us: f64,
    rms_us: f64,
    ppm_error: f64,
    ppm_uncertainty: f64,
}

fn ten_minutes(board: Board, seed: u64) -> Figures {
    let mut run = Run::new(board, seed);
    let mut clock = SampleClock::new(board.nominal_hz, SampleClockSettings::default());
    let (mut worst_us, mut sum, mut count) = (0.0_f64, 0.0, 0.0);
    let (mut last_ns, mut worst_at) = (0, 0.0);
    // As a driver does it: stamps come one by one, packets of about 10 ms are published.
    let packet = (board.nominal_hz / 100.0).round().max(1.0) as u64;
    while run.t_s() < 600.0 {
        if let Some(stamp_ns) = run.advance() {
            clock.edge(run.n, stamp_ns);
        }
        if (run.n - run.first).is_multiple_of(packet) && clock.fit().edges > 0 {
            let time_ns = clock.time_ns(run.n);
            assert!(time_ns > last_ns, "backwards from {last_ns} to {time_ns}");
            last_ns = time_ns;
            if run.t_s() > 60.0 {
                let error_us = run.error_us(time_ns);
                if error_us.abs() > worst_us {
                    (worst_us, worst_at) = (error_us.abs(), run.t_s());
                }
                sum += error_us * error_us;
                count += 1.0;
            }
        }
    }
    let fit = clock.fit();
    let figures = Figures {
        worst_us,
        rms_us: f64::sqrt(sum / count),
        ppm_error: fit.ppm - run.true_ppm(),
        ppm_uncertainty: fit.ppm_uncertainty,
    };
    println!("{board:?} seed {seed}: {figures:?} worst at {worst_at:.1} s, {fit:?}");
    figures
}

fn assert_good(figures: &Figures) {
    assert!(figures.worst_us < 20.0, "{figures:?}");
    assert!(figures.rms_us < 2.0, "{figures:?}");
    assert!(figures.ppm_error.abs() < 1.0, "{figures:?}");
}

#[test]
fn boards_of_every_rate_with_an_oscillator_at_either_end() {
    for nominal_hz in [250.0, 1000.0, 4000.0] {
        for off_ppm in [-25_000.0, 0.0, 25_000.0] {
            let board = Board { nominal_hz, off_ppm, ..TYPICAL };
            assert_good(&ten_minutes(board, 7));
        }
    }
}

#[test]
fn a_board_that_warms_up() {
    for seed in 0..4 {
        let board = Board { off_ppm: 12_000.0, warm_up_ppm: 2000.0, swing_ppm: 200.0, ..TYPICAL };
        assert_good(&ten_minutes(board, seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_board(
        seed: u64,
        rate in prop::sample::select(vec![250.0, 500.0]),
        off_ppm in -25_000.0..25_000.0,
        warm_up_ppm in -2000.0..2000.0,
        swing_ppm in -200.0..200.0,
        late_us in 1.0..30.0,
        missing in 0.0..0.05,
    ) {
        let board =
            Board { nominal_hz: rate, off_ppm, warm_up_ppm, swing_ppm, late_us, missing, ..TYPICAL };
        assert_good(&ten_minutes(board, seed));
    }
}

#[test]
fn a_machine_too_busy_for_five_seconds_moves_nothing() {
    for nominal_hz in [250.0, 4000.0] {
        let board = Board { nominal_hz, stress: (300.0, 5.0, 1000.0), ..TYPICAL };
        assert_good(&ten_minutes(board, 3));
    }
}

#[test]
fn a_rate_that_jumps_is_followed() {
    // A draught, or the system's clock beginning to slew. While the fit finds out it is off by what the jump makes of
    // two seconds, and after the memory is full of the new rate as good as ever.
    for ppm in [20.0, -500.0, 500.0] {
        let board = Board { jump: (300.0, ppm), ..TYPICAL };
        let figures = ten_minutes(board, 3);
        assert!(figures.worst_us < 2.0 * ppm.abs(), "{figures:?}");
        assert!(figures.ppm_error.abs() < 0.1, "{figures:?}");
    }
}

#[test]
fn the_uncertainty_is_that_of_the_error() {
    let board = Board { late_us: 30.0, ..TYPICAL };
    let off = (0..20).map(|seed| ten_minutes(board, seed));
    let squares: f64 = off.map(|f| (f.ppm_error / f.ppm_uncertainty).powi(2)).sum();
    let ratio = (squares / 20.0).sqrt();
    println!("error over uncertainty: {ratio:.2}");
    assert!((0.4..2.5).contains(&ratio), "{ratio}");
}

#[test]
fn a_phase_that_jumps_back_is_followed_and_published_times_still_rise() {
    let mut clock = SampleClock::new(1000.0, SampleClockSettings::default());
    let (mut last_ns, mut steps) = (0, Vec::new());
    for n in 0..40_000_u64 {
        // After 20 s the board is 700 us earlier than its count says.
        let truth_ns = 5_000_000_000 + n * 1_000_000 - if n >= 20_000 { 700_000 } else { 0 };
        clock.edge(n, truth_ns + n * 7919 % 5_000);
        let time_ns = clock.time_ns(n);
        assert!(time_ns > last_ns, "{n}: backwards from {last_ns} to {time_ns}");
        steps.push(time_ns - last_ns);
        last_ns = time_ns;
        if n > 20_010 {
            assert!(time_ns.abs_diff(truth_ns) < 10_000, "{n}: {time_ns} for {truth_ns}");
        }
    }
    // Half a period is the least.
    assert!(steps[1..].iter().all(|step| *step >= 499_000));
}

#[test]
fn after_an_hour_without_edges_the_rate_is_still_known() {
    let mut clock = SampleClock::new(250.0, SampleClockSettings::default());
    let truth_ns = |n: u64| 77_000_000_000 + (n as f64 * 1e9 / 252.0) as u64;
    (0..15_000).for_each(|n| clock.edge(n, truth_ns(n)));
    // Told again at a place of its own: nobody can count conversions through an hour to better than a period.
    for n in 1_000_000..1_000_020 {
        clock.edge(n, truth_ns(n) + 1_000_000);
        assert!(clock.time_ns(n).abs_diff(truth_ns(n) + 1_000_000) < 2_000, "{n}");
    }
    assert!((clock.fit().rate_hz - 252.0).abs() < 1e-3);
    assert_eq!(clock.fit().restarts, 1);
}

/// What the kernel makes of edges: while it is busy they merge into one, stamped when it is free again; a queue that is
/// full loses the oldest, and their numbers are missing.
fn count_edges(nominal_hz: f64, off_ppm: f64, seed: u64) -> (u64, u64) {
    let board = Board { nominal_hz, off_ppm, swing_ppm: 100.0, missing: 0.0, ..TYPICAL };
    let mut run = Run::new(board, seed);
    let mut clock = SampleClock::new(nominal_hz, SampleClockSettings::default());
    let mut counter = EdgeCounter::new();
    let (mut line_seqno, mut free_ns, mut queue_full_for) = (u32::MAX - 1000, 0.0, 0);
    let (mut first, mut lost, mut seen, mut last_true) = (None, 0, 0, 0);
    let mut next_busy_ns = 3e9;
    while run.t_s() < 120.0 {
        run.advance();
        let mut stamp_ns = run.truth_ns + 2_000.0 + 20_000.0 * run.random.uniform().powi(3);
        if run.truth_ns > next_busy_ns {
            // Interrupts off for up to 9 ms, every second or so, at any moment.
            let until_ns = run.truth_ns - 1e9 / nominal_hz * run.random.uniform();
            free_ns = until_ns + 9e6 * run.random.uniform();
            next_busy_ns += 2e9 * run.random.uniform();
        }
        stamp_ns = stamp_ns.max(free_ns);
        if stamp_ns >= run.truth_ns + 0.985e9 / nominal_hz / (1.0 + run.true_ppm() / 1e6) {
            // The next one happens before this one is seen (or so close that a read could return either): they merge.
            continue;
        }
        line_seqno = line_seqno.wrapping_add(1);
        if queue_full_for > 0 {
            queue_full_for -= 1;
            continue;
        }
        if run.random.next().is_multiple_of(5_000) {
            queue_full_for = run.random.next() % 40;
        }
        let stamp_ns = run.start_ns + stamp_ns.round() as u64;
        let counted = counter.count(&mut clock, stamp_ns, line_seqno);
        let first = *first.get_or_insert(run.n);
        assert!(!counted.extra && !counted.disagrees, "{counted:?} at {} s", run.t_s());
        assert_eq!(counted.n, run.n - first, "at {} s, {nominal_hz} Hz, seed {seed}", run.t_s());
        if seen > 0 {
            assert_eq!(counted.lost, run.n - last_true - 1);
        }
        last_true = run.n;
        lost += counted.lost;
        seen += 1;
    }
    (seen, lost)
}

#[test]
fn every_conversion_is_numbered_right_whatever_the_kernel_loses() {
    for nominal_hz in [250.0, 1000.0, 4000.0, 16_000.0] {
        for (seed, off_ppm) in [(1, -25_000.0), (2, 3_000.0), (3, 25_000.0)] {
            let (seen, lost) = count_edges(nominal_hz, off_ppm, seed);
            println!("{nominal_hz} Hz, {off_ppm} ppm: {seen} edges seen, {lost} lost");
            assert!(lost > 100);
        }
    }
}

#[test]
fn an_edge_too_many_is_not_a_conversion() {
    let mut clock = SampleClock::new(1000.0, SampleClockSettings::default());
    let mut counter = EdgeCounter::new();
    for n in 0..5_000_u32 {
        counter.count(&mut clock, 1_000_000_000 + u64::from(n) * 1_000_000, n);
    }
    let spike = counter.count(&mut clock, 1_000_000_000 + 4_999_000_000 + 30_000, 5_000);
    assert_eq!((spike.n, spike.lost, spike.extra, spike.disagrees), (4_999, 0, true, true));
    let next = counter.count(&mut clock, 1_000_000_000 + 5_000_000_000, 5_001);
    assert_eq!((next.n, next.lost, next.extra), (5_000, 0, false));
}

#[test]
fn nothing_is_allocated_after_construction() {
    let mut clock = SampleClock::new(1000.0, SampleClockSettings::default());
    let mut counter = EdgeCounter::new();
    let allocations = allocation_counter::measure(|| {
        for n in 0..100_000_u32 {
            counter.count(&mut clock, u64::from(n) * 1_000_000 + u64::from(n * 7919 % 9_000), n);
            clock.time_ns(u64::from(n));
        }
        clock.restart(200_000, 300_000_000_000);
    });
    assert_eq!(allocations.count_total, 0);
}
