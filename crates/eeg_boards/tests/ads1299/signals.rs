//! From electrodes to codes: what the inputs measure is what the data sheet says they do.

use crate::support::{Heard, losses, options, read, signals, wiring};
use eeg_boards::Signal;
use eeg_boards::ads1299::settings::{
    Current, Drive, Gain, Input, LeadOff, Rate, Reference, Settings, Side,
};
use eeg_boards::ads1299::{Ads1299, step_uv};
use eeg_boards::board::Board;
use eeg_boards::simulator::{Bench, BenchSettings};

/// Microvolts of each channel, from a chip set up in some way.
fn measured(
    rate: Rate,
    gain: Gain,
    bench: BenchSettings,
    inputs: Vec<Signal>,
    samples: u64,
    set: impl Fn(&mut Settings),
) -> Vec<Vec<f64>> {
    let mut settings = Settings::new(rate, gain, 8);
    set(&mut settings);
    let options = options(&bench.wiring);
    let mut board = Ads1299::new(Bench::new(bench, signals(inputs)), settings, options);
    board.open().unwrap();
    let heard: Heard = read(&mut board, 10, samples);
    assert_eq!(losses(&board), []);
    assert_eq!(board.wires().violations(), [""; 0]);
    let step = step_uv(f64::from(gain.value()));
    let codes = heard.blocks.iter().flat_map(|(_, codes, _)| codes.chunks_exact(8));
    let mut channels = vec![Vec::new(); 8];
    for frame in codes {
        for (channel, code) in channels.iter_mut().zip(frame) {
            channel.push(f64::from(*code) * step);
        }
    }
    channels
}

fn of_input(input: Input, rate: Rate, gain: Gain, samples: u64) -> Vec<Vec<f64>> {
    let bench = BenchSettings::new(wiring(1));
    measured(rate, gain, bench, Signal::eeg_like(), samples, |settings| {
        settings.channels.iter_mut().for_each(|channel| channel.input = input);
    })
}

fn rms(x: &[f64]) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

#[test]
fn shorted_inputs_show_the_noise_of_the_data_sheet() {
    for (gain, rate, expected_uv) in [
        (Gain::X24, Rate::Sps250, 0.14),
        (Gain::X24, Rate::Sps4000, 0.56),
        (Gain::X24, Rate::Sps16000, 1.66),
        (Gain::X12, Rate::Sps8000, 0.92),
        (Gain::X1, Rate::Sps250, 1.08),
    ] {
        for channel in of_input(Input::Shorted, rate, gain, 5000) {
            let rms = rms(&channel);
            assert!((rms / expected_uv - 1.0).abs() < 0.06, "{gain:?} {rate:?}: {rms}");
        }
    }
}

#[test]
fn the_test_signal_is_a_square_wave_locked_to_the_chips_clock() {
    for channel in of_input(Input::TestSignal, Rate::Sps250, Gain::X24, 1280) {
        // 1.953 Hz: 128 samples a period, whatever the oscillator does.
        for n in 0..1000 {
            assert!((channel[n] - channel[n + 128]).abs() < 2.0, "{n}");
            assert!((channel[n] + channel[n + 64]).abs() < 2.0, "{n}");
        }
        let high = channel.iter().copied().fold(f64::MIN, f64::max);
        assert!((high - 1875.0).abs() < 1.0, "{high}");
    }
}

#[test]
fn temperature_and_supplies_can_be_read() {
    let temperature = of_input(Input::Temperature, Rate::Sps250, Gain::X1, 20);
    let degrees = (temperature[0][10] - 145_300.0) / 490.0 + 25.0;
    assert!((degrees - 25.0).abs() < 0.1, "{degrees}");
    let supply = of_input(Input::Supply, Rate::Sps250, Gain::X1, 20);
    assert!((supply[0][10] - 2_500_000.0).abs() < 10.0);
    assert!((supply[2][10] - 825_000.0).abs() < 10.0);
}

#[test]
fn the_first_sample_is_settled() {
    // PiEEG-server throws the first 25 away, having seen what comes of reading before the chip has settled.
    let bench = BenchSettings::new(wiring(1));
    let offset = vec![Signal::Offset { uv: 5000.0 }];
    for channel in measured(Rate::Sps250, Gain::X24, bench, offset, 200, |_| {}) {
        let mean = channel.iter().sum::<f64>() / 200.0;
        assert!((channel[0] - mean).abs() < 0.8, "{} {mean}", channel[0]);
    }
}

#[test]
fn a_sudden_change_is_data_and_not_thrown_away() {
    // PiEEG-server drops a frame whose last channel jumps by more than 5000 codes: 112 uV here.
    let bench = BenchSettings::new(wiring(1));
    let square = vec![Signal::Square { hz: 25.0, uv: 1000.0 }];
    let channels = measured(Rate::Sps250, Gain::X24, bench, square, 500, |_| {});
    let jumps = channels[7].windows(2).filter(|w| (w[1] - w[0]).abs() > 112.0).count();
    assert_eq!(channels[7].len(), 500);
    assert!((98..=100).contains(&jumps), "{jumps}");
}

#[test]
fn sines_come_through_as_the_filter_lets_them() {
    let amplitude = |rate, hz| {
        let bench = BenchSettings::new(wiring(1));
        let sine = vec![Signal::Sine { hz, uv: 100.0 }];
        let channel = &measured(rate, Gain::X24, bench, sine, 1000, |_| {})[0];
        rms(channel) * 2.0_f64.sqrt()
    };
    // -1.74 dB and -0.11 dB: sinc cubed.
    assert!((amplitude(Rate::Sps250, 50.0) - 81.8).abs() < 0.5);
    assert!((amplitude(Rate::Sps1000, 50.0) - 98.8).abs() < 0.5);
}

#[test]
fn srb2_turns_the_signal_upside_down() {
    let with = |reference| {
        let bench = BenchSettings::new(wiring(1));
        let offset = vec![Signal::Offset { uv: 1000.0 }];
        measured(Rate::Sps250, Gain::X24, bench, offset, 50, |s| s.reference = reference)[3][20]
    };
    let (pairs, srb1, srb2) =
        (with(Reference::Pairs), with(Reference::Srb1), with(Reference::Srb2));
    assert!((pairs - srb1).abs() < 1.0 && (pairs + srb2).abs() < 1.0 && pairs.abs() > 50.0);
}

#[test]
fn the_lead_off_current_shows_the_electrodes_impedance() {
    let kilo_ohms = [1.0, 5.0, 20.0, 100.0, 2.0, 3.0, 4.0, 10.0];
    for drive in [Drive::Dc, Drive::Hz31, Drive::Hz8, Drive::QuarterRate] {
        let bench = BenchSettings {
            electrodes_ohm: kilo_ohms.iter().map(|k| k * 1e3).collect(),
            series_ohm: 2200.0,
            ..BenchSettings::new(wiring(1))
        };
        let lead_off = LeadOff { current: Current::Na24, drive, side: Side::Positive };
        let channels = measured(Rate::Sps250, Gain::X24, bench, vec![], 3200, |settings| {
            settings.lead_off = Some(lead_off);
        });
        for (channel, kilo_ohms) in channels.iter().zip(kilo_ohms) {
            let expected_uv = 24e-9 * (kilo_ohms * 1e3 + 2200.0) * 1e6;
            // How much of a square wave's fundamental comes through (sinc cubed), in samples a cycle.
            let Some(cycle) = drive.clocks(Rate::Sps250.clocks()).map(|c| c as f64 / 8192.0) else {
                let mean = channel.iter().sum::<f64>() / channel.len() as f64;
                assert!((mean / expected_uv - 1.0).abs() < 0.01, "{mean}");
                continue;
            };
            let wave = |shift: f64| {
                let at = |n: usize| std::f64::consts::TAU * (n as f64 / cycle + shift);
                channel.iter().enumerate().map(|(n, x)| x * at(n).cos()).sum::<f64>() * 2.0 / 3200.0
            };
            let amplitude = wave(0.0).hypot(wave(0.25));
            let x = std::f64::consts::PI / cycle;
            let through = 4.0 / std::f64::consts::PI * (x.sin() / x).powi(3);
            // At a quarter of the rate harmonics fold onto the fundamental.
            let ratio = amplitude / (expected_uv * through);
            assert!((ratio - 1.0).abs() < 0.02, "{drive:?} {kilo_ohms} kOhm: {ratio}");
        }
    }
}

#[test]
fn through_a_shared_reference_flow_the_currents_of_all_its_channels() {
    let mean_uv = |reference, side| {
        let bench = BenchSettings {
            electrodes_ohm: vec![20_000.0; 8],
            reference_ohm: 5000.0,
            ..BenchSettings::new(wiring(1))
        };
        let lead_off = LeadOff { current: Current::Na24, drive: Drive::Dc, side };
        let channels = measured(Rate::Sps250, Gain::X24, bench, vec![], 500, |settings| {
            (settings.reference, settings.lead_off) = (reference, Some(lead_off));
        });
        channels[2].iter().sum::<f64>() / 500.0
    };
    // 24 nA: 480 uV at a channel's own electrode, 120 uV at a reference of its own, 960 uV at one for eight.
    for (reference, side, expected_uv) in [
        (Reference::Pairs, Side::Positive, 480.0),
        (Reference::Pairs, Side::Both, 600.0),
        (Reference::Pairs, Side::Electrode, 480.0),
        (Reference::Srb1, Side::Electrode, 480.0),
        (Reference::Srb2, Side::Electrode, 480.0),
        (Reference::Srb1, Side::Positive, 480.0),
        (Reference::Srb1, Side::Negative, 960.0),
        (Reference::Srb2, Side::Negative, 480.0),
        (Reference::Srb2, Side::Positive, 960.0),
    ] {
        let uv = mean_uv(reference, side);
        assert!((uv - expected_uv).abs() < 1.0, "{reference:?} {side:?}: {uv}");
    }
}
