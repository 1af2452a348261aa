//! Signals whose quality is known.

use super::*;
use plugin_api::testing::{Harness, microvolt_spec};
use plugin_api::{Flags, StreamSpec};
use std::sync::Arc;

/// Channels of an ADC at gain 24: 187.5 mV to each side.
fn input(channels: usize) -> StreamSpec {
    let mut spec = microvolt_spec(channels, 250.0);
    let label = |n| ChannelMeta::adc24(format!("ch{n}"), 4.5e6, 24.0);
    let channels = (1..=channels).map(label).collect();
    let sensor = SensorMeta { channels, vref_uv: Some(4.5e6), ..SensorMeta::clone(&spec.sensor) };
    spec.sensor = Arc::new(sensor);
    spec
}

fn stage(channels: usize) -> Harness {
    let ctx = StageInitCtx::in_folder(".");
    Harness::new(&QualityDesc::example(), input(channels), &ctx).unwrap()
}

/// The four values of the first window of a channel.
fn values(signal: impl Fn(f64) -> f64) -> [f32; 4] {
    let signal: Vec<f32> = (0..250).map(|n| signal(f64::from(n) / 250.0) as f32).collect();
    let out = stage(1).feed(&signal, Flags::NONE).unwrap().unwrap();
    out.microvolts.try_into().unwrap()
}

fn sine(hz: f64, t: f64) -> f64 {
    (TAU * hz * t).sin()
}

#[test]
fn labels_say_what_each_value_is() {
    let stage = stage(2);
    let output = stage.output.as_ref().unwrap();
    let labels: Vec<_> = output.sensor.channels.iter().map(|c| c.label.as_str()).collect();
    let expected = ["railed", "flat", "off", "mains"].map(|value| format!("ch1.{value}"));
    assert_eq!(labels[..4], expected);
    assert_eq!((labels.len(), output.rate_hz), (8, 1.0));
}

#[test]
fn the_part_of_mains_is_that_of_its_power() {
    // Powers 50 and 150, on an electrode's offset that drifts.
    let mixed = |t| 3000.0 + 200.0 * t + 10.0 * sine(50.0, t) + 300_f64.sqrt() * sine(10.0, t);
    let [railed, flat, off, mains] = values(mixed);
    assert_eq!((railed, flat, off), (0.0, 0.0, 0.0));
    assert!((mains - 0.25).abs() < 0.005, "{mains}");
    assert!(values(|t| 7.0 * sine(50.2, t))[3] > 0.94, "mains is seldom 50 Hz exactly");
    assert!(values(|t| 7.0 * sine(10.0, t))[3] < 1e-3);
}

#[test]
fn a_channel_that_moves_less_than_the_chips_own_noise_is_flat() {
    let quiet = |uv: f64| values(|t| -1000.0 + uv * 2_f64.sqrt() * sine(11.0, t))[1];
    assert_eq!([quiet(0.09), quiet(0.11)], [1.0, 0.0]);
    assert_eq!(values(|_| 0.0), [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn rails_are_within_5_percent_of_the_range() {
    let part = |uv: f64| values(|t| if t < 0.2 { uv } else { sine(10.0, t) })[0];
    assert_eq!([part(178_200.0), part(-178_200.0)], [0.2, 0.2]);
    assert_eq!([part(178_000.0), part(-178_000.0)], [0.0, 0.0]);
    // Most of the time there: the electrode is off.
    assert_eq!(values(|t| if t < 0.6 { 187_499.0 } else { 0.0 })[2], 1.0);
}

#[test]
fn an_open_input_picks_up_mains() {
    let off = |uv_rms: f64| values(|t| uv_rms * 2_f64.sqrt() * sine(50.0, t))[2];
    assert_eq!([off(990.0), off(1010.0)], [0.0, 1.0]);
}

#[test]
fn what_begins_and_ends_is_told_once_with_its_time_and_channel() {
    let mut stage = stage(2);
    let events = stage.hear_reports();
    // Channel 2 is at the rail from 2.4 s to 4.2 s; channel 1 flat from 6 s to 8 s.
    let frame = |n: usize| {
        let t = n as f64 / 250.0;
        let first = if (6.0..8.0).contains(&t) { 5.0 } else { 20.0 * sine(10.0, t) };
        let second = if (2.4..4.2).contains(&t) { -187_500.0 } else { 20.0 * sine(10.0, t) };
        [first as f32, second as f32]
    };
    let signal: Vec<f32> = (0..2500).flat_map(frame).collect();
    for packet in signal.chunks(2 * 40) {
        stage.feed(packet, Flags::NONE).unwrap();
    }
    let told: Vec<_> = events
        .try_iter()
        .map(|event| (event.time_ns / 1_000_000, event.channel.unwrap(), event.text))
        .collect();
    let expected = [
        (2400, "ch2", "ch2 is at a rail of the ADC"),
        (2000, "ch2", "ch2 seems to have lost its electrode"),
        (4000, "ch2", "ch2 has its electrode again, after 2.0 s"),
        (5000, "ch2", "ch2 has left the rail, after 2.6 s"),
        (6000, "ch1", "ch1 is flat"),
        (8000, "ch1", "ch1 is flat no longer, after 2.0 s"),
    ];
    assert_eq!(told, expected.map(|(ms, channel, text)| (ms, channel.to_owned(), text.to_owned())));
}

#[test]
fn mains_above_what_the_rate_holds_is_refused() {
    let ctx = StageInitCtx::in_folder(".");
    let with = |mains_hz, window_s, rate_hz| {
        let desc = QualityDesc { mains_hz, window_s, ..QualityDesc::example() };
        let built = Harness::new(&desc, microvolt_spec(1, rate_hz), &ctx);
        built.err().map(|errors| errors[0].param().map(str::to_owned).unwrap())
    };
    assert_eq!(with(60.0, 1.0, 125.0), None);
    assert_eq!(with(60.0, 1.0, 120.0).as_deref(), Some("mains_hz"));
    assert_eq!(with(50.0, 0.05, 250.0).as_deref(), Some("window_s"));
    assert_eq!(with(f64::NAN, 1.0, 250.0).as_deref(), Some("mains_hz"));
}

/// Channels whose board sends 6 nA at 31.25 Hz through the electrodes.
fn driven(channels: usize) -> StreamSpec {
    let mut spec = input(channels);
    let drive = LeadOffDrive { amperes: 6e-9, hz: 31.25, electrodes: 1, response: 0.925 };
    let sensor = SensorMeta { lead_off: LeadOff::On(drive), ..SensorMeta::clone(&spec.sensor) };
    spec.sensor = Arc::new(sensor);
    spec
}

#[test]
fn the_lead_off_current_shows_what_is_off_and_is_no_part_of_the_signal() {
    let ctx = StageInitCtx::in_folder(".");
    // The fundamental of what 6 nA make of kilohms, with mains and EEG of equal power beside it.
    let values = |kohm: f64, spec: StreamSpec| {
        let drive_uv = 6e-9 * kohm * 1e9 * 0.925 / FRAC_PI_4;
        let signal: Vec<f32> = (0..250)
            .map(|n| f64::from(n) / 250.0)
            .map(|t| drive_uv * sine(31.25, t + 0.001) + 9.0 * (sine(50.0, t) + sine(10.0, t)))
            .map(|x| x as f32)
            .collect();
        let mut stage = Harness::new(&QualityDesc::example(), spec, &ctx).unwrap();
        stage.feed(&signal, Flags::NONE).unwrap().unwrap().microvolts
    };
    for kohm in [1.0, 100.0, 1900.0] {
        let out = values(kohm, driven(1));
        assert_eq!((out[0], out[1], out[2]), (0.0, 0.0, 0.0), "{kohm} kOhm: {out:?}");
    }
    assert!(
        (values(10.0, driven(1))[3] - 0.5).abs() < 0.02,
        "half is mains, whatever the current makes"
    );
    assert!(values(10.0, input(1))[3] < 0.1, "without knowing of it");
    assert_eq!(values(2100.0, driven(1))[2], 1.0);
}

#[test]
fn mains_that_cannot_be_told_from_the_current_are_refused() {
    let ctx = StageInitCtx::in_folder(".");
    let with = |mains_hz| {
        let desc = QualityDesc { mains_hz, ..QualityDesc::example() };
        Harness::new(&desc, driven(1), &ctx).err().map(|errors| errors[0].to_string())
    };
    assert_eq!((with(50.0), with(60.0)), (None, None));
    let refused = with(32.0).unwrap();
    assert!(refused.contains("at 31.25 Hz: choose another `drive`"), "{refused}");
}
