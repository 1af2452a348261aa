//! Nothing goes wrong: every conversion arrives, in order, once, and its time is that of the chips' clock.

use crate::support::{board, counter, losses, options, read, wiring, with};
use eeg_boards::ads1299::Ads1299;
use eeg_boards::ads1299::bus::Drdy;
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::board::Board;
use eeg_boards::simulator::{Bench, BenchSettings, OscillatorError, Wiring};

#[test]
fn every_conversion_arrives_at_every_rate() {
    for rate in Rate::ALL {
        for chips in [1, 2] {
            let mut board = board(BenchSettings::new(wiring(chips)), rate);
            board.open().unwrap();
            let heard = read(&mut board, 25, 2000);
            assert_eq!(losses(&board), [], "{rate:?} {chips}");
            assert_eq!(heard.events, []);
            let mut n = 0;
            for (block, codes, edges_ns) in &heard.blocks {
                assert_eq!((block.first_sample, block.lost_before), (n, 0));
                for frame in codes.chunks_exact(8 * chips) {
                    assert_eq!(frame, vec![n as i32; 8 * chips], "{rate:?}");
                    n += 1;
                }
                assert!(edges_ns.iter().all(|ns| *ns > 0));
            }
            assert_eq!(board.wires().violations(), [""; 0]);
        }
    }
}

#[test]
fn an_oscillator_at_the_end_of_its_tolerance_is_measured_and_costs_nothing() {
    for ppm in [-25_000.0, 25_000.0] {
        let oscillator = OscillatorError { ppm, drift_ppm: 20.0, drift_period_s: 300.0 };
        let bench = BenchSettings { oscillator, ..BenchSettings::new(wiring(2)) };
        let mut board = board(bench, Rate::Sps4000);
        board.open().unwrap();
        read(&mut board, 40, 4000 * 60);
        assert_eq!(losses(&board), []);
        assert_eq!(board.wires().violations(), [""; 0], "waits are long enough for a slow clock");
        let (rate_hz, measured_ppm, uncertainty_ppm) = board.counters().rate().unwrap();
        let truth = board.wires().true_rate_hz(Rate::Sps4000.clocks());
        assert!((rate_hz / truth - 1.0).abs() < 2e-6, "{rate_hz} {truth}");
        assert!((measured_ppm - ppm).abs() < 25.0 && uncertainty_ppm < 5.0);
    }
}

#[test]
fn published_times_are_those_of_the_conversions() {
    let oscillator = OscillatorError { ppm: 7000.0, ..OscillatorError::default() };
    let bench = BenchSettings { oscillator, ..BenchSettings::new(wiring(1)) };
    let mut board = board(bench, Rate::Sps1000);
    board.open().unwrap();
    read(&mut board, 10, 60_000);
    let run = *board.wires().true_runs().last().unwrap();
    let truth_ns = run.first_ns + 59_999.0 * run.period_ns;
    let off_ns = board.time_ns(59_999) as f64 - truth_ns;
    // Every stamp of the simulated kernel is at least 1.5 us late; what all share cannot be seen.
    assert!((1000.0..3000.0).contains(&off_ns), "{off_ns}");
}

#[test]
fn chips_in_a_daisy_chain_are_one_sensor_wherever_the_second_begins() {
    // The data sheet of the ADS1298 speaks of a bit between two chips' data, that of the ADS1299 does not.
    for (chips, gap_bits) in [(vec![8, 8], 0), (vec![8, 8], 1), (vec![6, 6], 1), (vec![4; 4], 0)] {
        for told in [None, Some(gap_bits)] {
            let bench = BenchSettings::new(Wiring::Daisy { chips: chips.clone(), gap_bits });
            let mut options = options(&bench.wiring);
            options.gap_bits = told;
            let mut board = with(bench, options, Rate::Sps1000, counter());
            board.open().unwrap();
            let heard = read(&mut board, 10, 1000);
            let channels = chips.iter().sum();
            for (block, codes, _) in &heard.blocks {
                for (n, frame) in (block.first_sample..).zip(codes.chunks_exact(channels)) {
                    assert!(frame.iter().all(|code| *code == n as i32), "{n}: {frame:?}");
                }
            }
            assert_eq!(losses(&board), []);
            assert_eq!(board.wires().violations(), [""; 0]);
        }
    }
}

#[test]
fn a_chain_told_the_wrong_way_is_refused() {
    let bench = BenchSettings::new(Wiring::Daisy { chips: vec![8, 8], gap_bits: 1 });
    let mut options = options(&bench.wiring);
    options.gap_bits = Some(0);
    let mut board = with(bench, options, Rate::Sps1000, counter());
    let message = board.open().unwrap_err().to_string();
    assert!(message.contains("daisy_gap_bits"), "{message}");
}

#[test]
fn chips_in_a_chain_cannot_be_set_each_in_its_own_way() {
    let bench = BenchSettings::new(Wiring::Daisy { chips: vec![8, 8], gap_bits: 0 });
    let options = options(&bench.wiring);
    let mut settings = Settings::new(Rate::Sps1000, Gain::X24, 12);
    // All hear the same: the channels of the second chip as those of the first.
    (settings.channels[2].gain, settings.channels[10].gain) = (Gain::X8, Gain::X8);
    let open = |settings: Settings| {
        let bench = Bench::new(bench.clone(), counter());
        Ads1299::new(bench, settings, options.clone()).open().map_err(|error| error.to_string())
    };
    assert_eq!(open(settings.clone()), Ok(()));
    settings.channels[10].gain = Gain::X12;
    let message = open(settings).unwrap_err();
    assert!(
        message.contains("channel 11 must have the gain and the input of channel 3"),
        "{message}"
    );
}

#[test]
fn smaller_parts_have_fewer_channels() {
    for chips in [vec![4], vec![6], vec![4, 4], vec![8, 6]] {
        let bench = BenchSettings::new(Wiring::Cascade(chips.clone()));
        let mut board = board(bench, Rate::Sps500);
        board.open().unwrap();
        let heard = read(&mut board, 10, 200);
        let channels: usize = chips.iter().sum();
        assert_eq!(heard.blocks[0].1.len(), 10 * channels, "{chips:?}");
        assert_eq!(board.wires().violations(), [""; 0], "{chips:?}");
    }
}

#[test]
fn without_control_pins_commands_do_the_same() {
    let bench = BenchSettings { control_pins: false, ..BenchSettings::new(wiring(1)) };
    let mut board = board(bench, Rate::Sps250);
    board.open().unwrap();
    read(&mut board, 10, 500);
    assert_eq!(losses(&board), []);
    assert_eq!(board.wires().violations(), [""; 0]);
}

#[test]
fn an_edge_of_the_run_before_that_the_kernel_hands_out_late_is_not_the_first() {
    // The conversion under way when the trial at the start is over is completed; 0 to 12 us after its edge the board is started.
    for after_ns in (0..12_000).step_by(500) {
        let mut board = board(BenchSettings::new(wiring(1)), Rate::Sps1000);
        board.open().unwrap();
        let bench = board.wires_mut();
        let last = bench.edges_ahead().unwrap();
        assert_eq!(last.count, Some(1));
        let ns = last.first_ns as u64 - bench.now_ns();
        bench.pass_ns(ns + after_ns);
        let heard = read(&mut board, 10, 50);
        let (block, codes, _) = &heard.blocks[0];
        assert_eq!((block.first_sample, codes[0]), (0, 0), "{after_ns} ns after the edge");
        assert_eq!(losses(&board), [], "{after_ns} ns after the edge");
    }
}
