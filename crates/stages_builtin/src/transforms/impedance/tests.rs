//! Against the simulated chip with EEG on the electrodes, and against a square wave filtered step by step.

use super::*;
use eeg_boards::Signal;
use eeg_boards::ads1299::settings::{self, Gain, Rate, Settings, Side};
use eeg_boards::ads1299::{Ads1299, Ads1299Options, step_uv};
use eeg_boards::board::{Board, Frames, Reading};
use eeg_boards::sample_clock::SampleClockSettings;
use eeg_boards::signal::Moments;
use eeg_boards::simulator::{Bench, BenchSettings, OscillatorError, TestSignals, Wiring};
use plugin_api::Flags;
use plugin_api::testing::{Harness, microvolt_spec};
use std::sync::Arc;

const KOHM: [f64; 8] = [1.0, 5.0, 20.0, 100.0, 0.0, 2.0, 10.0, 50.0];

fn stage(desc: &ImpedanceDesc, channels: usize, rate_hz: f64) -> Result<Harness, Vec<ConfigError>> {
    Harness::new(desc, microvolt_spec(channels, rate_hz), &ctx())
}

fn ctx() -> StageInitCtx {
    StageInitCtx::in_folder(".")
}

/// What somebody writes who has said at the `acquire` which current flows.
fn told_nothing(window_s: f64) -> ImpedanceDesc {
    ImpedanceDesc { current: None, drive: None, window_s, ..ImpedanceDesc::example() }
}

/// A stream of a board that was told to send this current, as `acquire` describes it.
fn driven(channels: usize, rate: Rate, current: Current, drive: Drive) -> StreamSpec {
    let sps = f64::from(rate.sps());
    let clocks = drive.clocks(rate.clocks());
    let hz = clocks.map_or(0.0, |clocks| sps * rate.clocks() as f64 / clocks as f64);
    with_lead_off(
        channels,
        sps,
        LeadOff::On(LeadOffDrive {
            amperes: current.amperes(),
            hz,
            electrodes: 1,
            response: sinc3(hz / sps),
        }),
    )
}

fn with_lead_off(channels: usize, sps: f64, lead_off: LeadOff) -> StreamSpec {
    let mut spec = microvolt_spec(channels, sps);
    spec.sensor = Arc::new(SensorMeta { lead_off, ..SensorMeta::clone(&spec.sensor) });
    spec
}

/// Microvolts of a simulated chip with these electrodes and EEG on them, by its driver.
fn chip_uv(rate: Rate, current: Current, drive: Drive, seconds: u64) -> Vec<f32> {
    let bench = BenchSettings {
        electrodes_ohm: KOHM.iter().map(|kohm| kohm * 1e3).collect(),
        series_ohm: 2200.0,
        // The oscillator is 2 % fast: the wave is the same number of samples.
        oscillator: OscillatorError { ppm: 20_000.0, ..OscillatorError::default() },
        ..BenchSettings::new(Wiring::Cascade(vec![8]))
    };
    let mut settings = Settings::new(rate, Gain::X24, 8);
    settings.lead_off = Some(settings::LeadOff { current, drive, side: Side::Positive });
    let options = Ads1299Options {
        chains: vec![1],
        gap_bits: None,
        read_twice: false,
        clock: SampleClockSettings::default(),
    };
    let eeg = Box::new(TestSignals::new(Signal::eeg_like(), 3));
    let mut board = Ads1299::new(Bench::new(bench, eeg), settings, options);
    board.open().unwrap();
    let (mut frames, mut uv) = (Frames::default(), Vec::new());
    while uv.len() < (seconds * u64::from(rate.sps()) * 8) as usize {
        if let Reading::Block(_) = board.read(100, &mut frames) {
            uv.extend(frames.codes.iter().map(|code| (f64::from(*code) * step_uv(24.0)) as f32));
            frames.clear();
        }
    }
    uv
}

#[test]
fn electrodes_from_1_to_100_kohm_are_found_within_5_percent_while_eeg_streams() {
    // The weaker the current, the longer it takes to tell it from the EEG.
    for (rate, current, drive, window_s) in [
        (Rate::Sps250, Current::Na6, Drive::Hz31, 16.0),
        (Rate::Sps250, Current::Na24, Drive::Hz31, 4.0),
        (Rate::Sps250, Current::Na24, Drive::Hz8, 8.0),
        (Rate::Sps1000, Current::Na24, Drive::Hz31, 4.0),
        (Rate::Sps500, Current::Na24, Drive::QuarterRate, 4.0),
    ] {
        let desc = told_nothing(window_s);
        let mut stage = Harness::new(&desc, driven(8, rate, current, drive), &ctx()).unwrap();
        let out = stage.run(&chip_uv(rate, current, drive, 40), 25);
        let values: Vec<&[f32]> = out.chunks_exact(8).collect();
        assert!(values.len() >= 6, "{}", values.len());
        let mut worst = 0.0_f64;
        for (channel, kohm) in KOHM.iter().enumerate() {
            for value in &values {
                let off = f64::from(value[channel]) - kohm;
                assert!(off.abs() < 0.05 * kohm.max(1.0), "{rate:?} {drive:?}: {value:?} kOhm");
                worst = worst.max(off.abs() / kohm.max(1.0));
            }
        }
        println!("{rate:?}, {current:?}, {drive:?}: off by {:.2} % at most", 100.0 * worst);
    }
}

#[test]
fn others_formula_would_read_wrong_here() {
    // sqrt(2) std / I: of a square wave that is 1.414 Z, of its fundamental 4/pi Z, of what the chip leaves of it 1.2 Z.
    let uv = chip_uv(Rate::Sps250, Current::Na6, Drive::Hz31, 20);
    let channel: Vec<f64> = uv.iter().skip(8 * 500 + 3).step_by(8).map(|x| f64::from(*x)).collect();
    let mean = channel.iter().sum::<f64>() / channel.len() as f64;
    let variance = channel.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / channel.len() as f64;
    let theirs_kohm = (2.0 * variance).sqrt() * 1e-6 / 6e-9 / 1e3 - 2.2;
    assert!(theirs_kohm / 100.0 > 1.15, "{theirs_kohm}");
}

/// A square wave of `uv`, 64 steps a sample, through three running means of a sample each; by adding, nothing else.
fn square_through_sinc3(uv: f64, period: usize, samples: usize) -> Vec<f64> {
    const STEPS: usize = 64;
    let half = period * STEPS / 2;
    let mut wave: Vec<f64> = (0..(samples + 8) * STEPS)
        .map(|n| if ((n + 17) / half).is_multiple_of(2) { uv } else { -uv })
        .collect();
    for _ in 0..3 {
        wave = wave.windows(STEPS).map(|w| w.iter().sum::<f64>() / STEPS as f64).collect();
    }
    wave.into_iter().step_by(STEPS).take(samples).collect()
}

#[test]
fn a_wave_filtered_step_by_step_gives_back_its_impedance() {
    for (rate_hz, drive, period) in [
        (250.0, Drive::Hz31, 8),
        (4000.0, Drive::Hz31, 128),
        (250.0, Drive::Hz8, 32),
        (250.0, Drive::QuarterRate, 4),
    ] {
        let desc =
            ImpedanceDesc { drive: Some(drive), series_ohm: 2000.0, ..ImpedanceDesc::example() };
        // 6 nA through 12 kOhm.
        let signal = square_through_sinc3(72.0, period, 8 * rate_hz as usize);
        let signal: Vec<f32> = signal.into_iter().map(|x| x as f32).collect();
        let out = stage(&desc, 1, rate_hz).unwrap().run(&signal, 40);
        // At a quarter of the rate the third harmonic folds onto the fundamental, 0.9 % at most.
        let most = if period == 4 { 0.12 } else { 0.01 };
        assert!(out.len() >= 4 && out.iter().all(|kohm| (kohm - 10.0).abs() < most), "{out:?}");
    }
}

#[test]
fn calibration_is_per_channel_or_for_all_and_the_unit_is_kohm() {
    let signal = square_through_sinc3(60.0, 8, 2000);
    let two: Vec<f32> = signal.iter().flat_map(|x| [*x as f32; 2]).collect();
    let desc =
        |calibration| ImpedanceDesc { calibration, series_ohm: 0.0, ..ImpedanceDesc::example() };
    let mut both = stage(&desc(vec![1.2]), 2, 250.0).unwrap();
    let channels = &both.output.as_ref().unwrap().sensor.channels;
    assert_eq!((channels[1].label.as_str(), channels[1].unit.as_str()), ("ch2", "kOhm"));
    let out = both.run(&two, 100);
    assert!((out[0] - 12.0).abs() < 0.01 && (out[1] - 12.0).abs() < 0.01, "{out:?}");
    let out = stage(&desc(vec![1.0, 0.5]), 2, 250.0).unwrap().run(&two, 100);
    assert!((out[0] - 10.0).abs() < 0.01 && (out[1] - 5.0).abs() < 0.01, "{out:?}");
    let wrong = stage(&desc(vec![1.0; 3]), 2, 250.0).err().unwrap();
    assert_eq!(wrong[0].param(), Some("calibration"));
}

#[test]
fn currents_not_meant_for_people_need_lab_mode() {
    for current in [Current::Ua6, Current::Ua24] {
        let desc = |lab_mode| ImpedanceDesc {
            current: Some(current),
            lab_mode,
            ..ImpedanceDesc::example()
        };
        let refused = stage(&desc(false), 1, 250.0).err().unwrap();
        assert_eq!(refused[0].param(), Some("current"));
        assert!(refused[0].to_string().contains("lab_mode: true"), "{}", refused[0]);
        assert!(stage(&desc(true), 1, 250.0).is_ok());
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let with = |drive, rate_hz| {
        let desc = ImpedanceDesc { drive: Some(drive), ..ImpedanceDesc::example() };
        stage(&desc, 1, rate_hz).err().map(|errors| errors[0].param().map(str::to_owned))
    };
    let drive = Some(Some("drive".to_owned()));
    assert_eq!(with(Drive::Dc, 250.0), drive);
    // 31.25 Hz at 100 samples/s is 3.2 samples.
    assert_eq!(with(Drive::Hz31, 100.0), drive);
    assert_eq!(with(Drive::Hz31, 62.5), drive);
    assert_eq!(with(Drive::QuarterRate, 100.0), None);
}

#[test]
fn a_window_that_samples_are_missing_from_gives_nothing() {
    let signal: Vec<f32> =
        square_through_sinc3(60.0, 8, 5000).into_iter().map(|x| x as f32).collect();
    let mut stage = stage(&ImpedanceDesc::example(), 1, 250.0).unwrap();
    let mut numbers = Vec::new();
    for (n, packet) in signal.chunks(50).enumerate() {
        if n == 40 {
            stage.lose(50);
            continue;
        }
        let flags = if n == 41 { Flags::GAP } else { Flags::NONE };
        if let Some(out) = stage.feed(packet, flags).unwrap() {
            numbers.push((out.header.first_sample, out.header.flags.contains(Flags::GAP)));
        }
    }
    // Windows of 992 samples, whole periods, one every 248: those that begin from sample 1009 to 2049 lack one.
    let whole = (0..=4).chain(9..=16).map(|n| (n, n == 9));
    assert_eq!(numbers, whole.collect::<Vec<_>>());
}

#[test]
fn eeg_alone_is_next_to_nothing() {
    let at = Moments::Nominal { rate_hz: 250.0 };
    let mut uv = vec![0.0; 250 * 60];
    Signal::eeg_like().iter().for_each(|part| part.add_to(1, 0, at, 1, &mut uv));
    let signal: Vec<f32> = uv.into_iter().map(|x| x as f32).collect();
    let desc = ImpedanceDesc { series_ohm: 0.0, ..ImpedanceDesc::example() };
    let out = stage(&desc, 1, 250.0).unwrap().run(&signal, 25);
    assert!(out.iter().all(|kohm| *kohm < 0.1), "{out:?}");
}

#[test]
fn what_the_board_was_told_need_not_be_said_again_and_cannot_be_contradicted() {
    let board = || driven(1, Rate::Sps250, Current::Na24, Drive::Hz8);
    let with = |current, drive, spec| {
        let desc = ImpedanceDesc { current, drive, ..ImpedanceDesc::example() };
        Harness::new(&desc, spec, &ctx()).err().map(|errors| errors[0].clone())
    };
    assert_eq!(with(None, None, board()), None);
    assert_eq!(with(Some(Current::Na24), Some(Drive::Hz8), board()), None, "the same, said twice");
    let against = |param: &str, message: &str| {
        Some(ConfigError::AgainstSource {
            param: param.to_owned(),
            of_source: "lead_off",
            message: message.to_owned(),
        })
    };
    assert_eq!(
        with(Some(Current::Na6), None, board()),
        against("current", "`current: 6nA`, but the board sends 24 nA: leave `current` out here")
    );
    for drive in [Drive::Hz31, Drive::QuarterRate, Drive::Dc] {
        let refused = with(None, Some(drive), board()).unwrap();
        assert!(matches!(&refused, ConfigError::AgainstSource { param, .. } if param == "drive"));
        assert!(refused.to_string().contains("at 7.8125 Hz"), "{refused}");
    }
    let off = || with_lead_off(1, 250.0, LeadOff::Off);
    assert!(matches!(
        with(Some(Current::Na6), None, off()),
        Some(ConfigError::AgainstSource { .. })
    ));
    let nothing = with(None, None, off()).unwrap().to_string();
    assert!(nothing.contains("say `lead_off: { current, drive }` at the `acquire`"), "{nothing}");
    let unknown = with(None, None, microvolt_spec(1, 250.0)).unwrap().to_string();
    assert!(unknown.contains("say `current` and `drive`"), "{unknown}");
    // A constant current is for lead-off detection alone.
    let constant = with(None, None, driven(1, Rate::Sps250, Current::Na6, Drive::Dc)).unwrap();
    assert!(constant.to_string().contains("no wave to measure"), "{constant}");
}

#[test]
fn through_both_electrodes_two_resistors_are_taken_off() {
    // 6 nA through 10 + 10 kOhm and twice 2.2.
    let signal = square_through_sinc3(6e-9 * 24_400.0 * 1e6, 8, 2000);
    let signal: Vec<f32> = signal.into_iter().map(|x| x as f32).collect();
    let mut spec = driven(1, Rate::Sps250, Current::Na6, Drive::Hz31);
    let mut sensor = SensorMeta::clone(&spec.sensor);
    if let LeadOff::On(drive) = &mut sensor.lead_off {
        drive.electrodes = 2;
    }
    spec.sensor = Arc::new(sensor);
    let out = Harness::new(&told_nothing(4.0), spec, &ctx()).unwrap().run(&signal, 40);
    assert!(out.len() >= 4 && out.iter().all(|kohm| (kohm - 20.0).abs() < 0.02), "{out:?}");
}
