//! Every kind of fault: what it costs is counted, where it belongs, and the stream comes back by itself.

use crate::support::{Heard, Simulated, board, losses, options, read, wiring, with};
use eeg_boards::Signal;
use eeg_boards::ads1299::bus::Drdy;
use eeg_boards::ads1299::settings::Rate;
use eeg_boards::board::Board;
use eeg_boards::simulator::{BenchSettings, Fault};

/// A board at 1000 samples/s, and what was read of it in ten seconds, through faults.
fn through(faults: Vec<Fault>) -> (Simulated, Heard) {
    through_with(faults, false)
}

fn through_with(faults: Vec<Fault>, read_twice: bool) -> (Simulated, Heard) {
    let bench = BenchSettings { faults, ..BenchSettings::new(wiring(2)) };
    let mut options = options(&bench.wiring);
    options.read_twice = read_twice;
    let mut board = with(bench, options, Rate::Sps1000, crate::support::counter());
    board.open().unwrap();
    let heard = read(&mut board, 10, 10_000);
    assert_eq!(board.wires().violations(), [""; 0]);
    (board, heard)
}

/// Every sample is the one that its number says.
fn assert_numbers(heard: &Heard) {
    assert_numbers_within(heard, 0);
}

/// As often as the board was started afresh, its conversions fell anew between those there would have been without: a
/// number may be rounded the other way.
fn assert_numbers_within(heard: &Heard, starts: i64) {
    for (block, codes, _) in &heard.blocks {
        let off = i64::from(codes[0]) - block.first_sample as i64;
        assert!(off.abs() <= starts, "{block:?}: {:?}", &codes[..16]);
        for (n, frame) in (codes[0]..).zip(codes.chunks_exact(16)) {
            assert!(frame.iter().all(|code| *code == n), "sample {n}: {frame:?}");
        }
    }
}

/// Lengths of the gaps and the number after each.
fn gaps(heard: &Heard) -> Vec<(u64, u64)> {
    let blocks = heard.blocks.iter().map(|(block, ..)| block);
    blocks.filter(|b| b.lost_before > 0).map(|b| (b.lost_before, b.first_sample)).collect()
}

#[test]
fn edges_the_kernel_misses_are_lost_samples() {
    let (board, heard) = through(vec![Fault::MissedEdges { at_s: 2.0, count: 3 }]);
    assert_numbers(&heard);
    assert_eq!(losses(&board), [("missed", 3)]);
    assert_eq!(gaps(&heard).iter().map(|gap| gap.0).collect::<Vec<_>>(), [3]);
}

#[test]
fn an_interrupt_held_up_merges_edges_and_moves_no_number() {
    // Half a period late: nothing lost. Three and a half: three edges are one.
    for (for_s, lost) in [(0.0005, 0), (0.0009, 0), (0.0035, 3)] {
        let (board, heard) = through(vec![Fault::LateEdge { at_s: 2.0, for_s }]);
        assert_numbers(&heard);
        assert_eq!(board.counters().conversions() - heard.samples(), lost, "{for_s}");
    }
}

#[test]
fn a_late_reader_loses_what_was_replaced_and_reads_nothing_twice() {
    // BrainFlow's driver reads once for each queued edge: the same conversion again and again.
    let (board, heard) = through(vec![Fault::LateRead { at_s: 2.0, for_s: 0.0093 }]);
    assert_numbers(&heard);
    assert_eq!(losses(&board), [("late", 9)]);
    assert_eq!(gaps(&heard).len(), 1);
}

#[test]
fn a_queue_that_overflows_is_no_riddle() {
    let (board, heard) = through(vec![Fault::LateRead { at_s: 2.0, for_s: 0.5 }]);
    assert_numbers(&heard);
    let losses = losses(&board);
    assert_eq!(losses.iter().map(|(_, n)| n).sum::<u64>(), 500);
    assert!(losses.iter().any(|(cause, n)| *cause == "overflow" && *n > 200), "{losses:?}");
}

/// Now and then a damaged transfer.
fn flips() -> Vec<Fault> {
    (0..100).map(|n| Fault::BitFlips { at_s: 2.0 + 0.0333 * f64::from(n), count: 1 }).collect()
}

#[test]
fn a_flipped_bit_is_read_again_and_costs_no_sample_when_everything_is_read_twice() {
    let (board, heard) = through_with(flips(), true);
    assert_numbers(&heard);
    assert_eq!(losses(&board), []);
    assert!((80..=100).contains(&board.counters().rereads()), "{}", board.counters().rereads());
}

#[test]
fn a_wire_that_is_disturbed_for_long_costs_samples_but_makes_none_wrong() {
    let (board, heard) = through_with(vec![Fault::BitFlips { at_s: 2.0, count: 40 }], true);
    assert_numbers(&heard);
    assert!(losses(&board).iter().any(|(cause, _)| *cause == "corrupt"), "{:?}", losses(&board));
}

#[test]
fn a_flipped_bit_in_the_samples_does_not_show_when_they_are_read_once() {
    // A frame has no checksum: whoever reads once has to know it.
    let (_, heard) = through_with(flips(), false);
    let wrong = heard.blocks.iter().flat_map(|(block, codes, _)| {
        (block.first_sample..)
            .zip(codes.chunks_exact(16))
            .flat_map(|(n, frame)| frame.iter().filter(move |code| **code != n as i32))
    });
    assert!(wrong.count() > 10);
}

#[test]
fn a_chip_that_was_reset_is_noticed_before_its_samples_are_handed_out() {
    for chip in [None, Some(0), Some(1)] {
        let (board, heard) = through(vec![Fault::BrownOut { at_s: 2.0, chip }]);
        assert_numbers(&heard);
        assert_eq!(board.counters().recoveries(), 1, "{chip:?}");
        assert_eq!(gaps(&heard).len(), 1);
        let losses = losses(&board);
        assert!(losses.iter().any(|(cause, n)| *cause == "outage" && *n > 250), "{losses:?}");
        assert_eq!(heard.events.len(), 2, "{:?}", heard.events);
        assert!(heard.events[1].text.contains("set up again"), "{:?}", heard.events);
    }
}

#[test]
fn a_board_that_is_pulled_off_and_put_back_goes_on() {
    let (board, heard) = through(vec![Fault::Unplugged { at_s: 2.0, for_s: 3.0 }]);
    assert_numbers(&heard);
    let lost = board.counters().conversions() - heard.samples();
    assert!((3200..3900).contains(&lost), "{lost}");
    assert_eq!(gaps(&heard).len(), 1);
    let texts: Vec<&str> = heard.events.iter().map(|event| event.text.as_str()).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[1].contains("nothing at all"), "{texts:?}");
}

#[test]
fn a_data_ready_wire_that_is_loose_goes_on_when_it_is_fixed() {
    let (board, heard) = through(vec![Fault::SilentDrdy { at_s: 2.0, for_s: 1.0 }]);
    assert_numbers_within(&heard, 5);
    assert!(heard.events[0].text.contains("no data-ready edge"), "{:?}", heard.events);
    assert_eq!(gaps(&heard).len(), 1);
    assert!(board.counters().recoveries() >= 1);
}

#[test]
fn a_count_that_jumps_without_time_passing_is_told_and_moves_nothing() {
    let (board, heard) = through(vec![Fault::CounterJump { at_s: 3.0, by: 5 }]);
    assert_numbers(&heard);
    assert_eq!(losses(&board), []);
    assert_eq!(board.counters().disagreements(), 1);
}

#[test]
fn a_step_of_the_clock_moves_no_sample() {
    let (mut board, heard) = through(vec![Fault::ClockStep { at_s: 2.0, by_s: -3600.0 }]);
    assert_numbers(&heard);
    assert_eq!(losses(&board), []);
    let (monotonic_ns, unix_ns) = board.wires().clocks();
    let began_ns = BenchSettings::new(wiring(1)).began_ns;
    assert_eq!(unix_ns - monotonic_ns as i64, began_ns.1 - began_ns.0 as i64 - 3_600_000_000_000);
    assert_eq!(board.now(), (monotonic_ns, unix_ns));
    let spans: Vec<u64> = (0..9000).step_by(100).map(|n| board.time_ns(n)).collect();
    assert!(spans.windows(2).all(|w| (99_000_000..101_000_000).contains(&(w[1] - w[0]))));
}

#[test]
fn rails_and_electrodes_that_are_off_are_flagged_while_they_last() {
    for fault in [
        Fault::Rails { at_s: 2.0, for_s: 1.0, channel: Some(3) },
        Fault::ElectrodeOff { at_s: 2.0, for_s: 1.0, channel: 16 },
    ] {
        let bench = BenchSettings { faults: vec![fault], ..BenchSettings::new(wiring(2)) };
        let options = options(&bench.wiring);
        let quiet = crate::support::signals(vec![Signal::Sine { hz: 10.0, uv: 50.0 }]);
        let mut board = with(bench, options, Rate::Sps1000, quiet);
        board.open().unwrap();
        let heard = read(&mut board, 10, 5000);
        let railed = heard.blocks.iter().filter(|(block, ..)| block.railed).count();
        assert!((100..=101).contains(&railed), "{railed}");
        assert_eq!(losses(&board), []);
    }
}

#[test]
fn late_stamps_with_a_heavy_tail_cost_samples_but_move_none() {
    let bench = BenchSettings { interrupt_tail: (0.02, 9e6), ..BenchSettings::new(wiring(2)) };
    let mut board = board(bench, Rate::Sps1000);
    board.open().unwrap();
    let heard = read(&mut board, 10, 60_000);
    assert_numbers(&heard);
}
