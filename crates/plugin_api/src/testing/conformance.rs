//! What every stage has to do right, checked from its table row alone.

use super::harness::{Harness, microvolt_spec, raw_spec};
use crate::params;
use crate::{StageDesc, StageInitCtx};
use pipeline_core::{Flags, Role, SensorMeta, StreamSpec};
use serde_json::Value;
use std::sync::Arc;

/// Electrodes, so that the example of a stage that names channels is one that a person would write.
const LABELS: [&str; 3] = ["Fp1", "Cz", "F7"];
const CHANNELS: usize = LABELS.len();
const RATE_HZ: f64 = 1000.0;

/// Puts a kind of stage through the suite. `measure` runs a closure and returns how often it allocated.
///
/// For every kind: the example parses and round-trips, an unknown key is refused, every parameter is documented.
/// For transforms that keep the number of channels: any packet size gives the same samples, the declared delay is
/// the measured one (unless the phase is not linear), NaN stays in its channel (unless the stage says that it mixes them:
/// then it has to), `reset` is complete, what comes out is what was announced, and `process` does not allocate.
/// The channels are `Fp1`, `Cz` and `F7`.
///
/// # Panics
/// When the stage does not conform; the message says how.
pub fn conformance<D: StageDesc>(measure: &dyn Fn(&mut dyn FnMut()) -> u64) {
    parameters::<D>();
    if D::ROLE != Role::Transform || D::INPUTS.0 > 1 {
        return;
    }
    let ctx = StageInitCtx::in_folder(".");
    let desc = D::example();
    let microvolts = with_labels(microvolt_spec(CHANNELS, RATE_HZ));
    let input = match Harness::new(&desc, microvolts.clone(), &ctx) {
        Ok(_) => microvolts,
        Err(_) => with_labels(raw_spec(CHANNELS, RATE_HZ)),
    };
    let build = || match Harness::new(&desc, input.clone(), &ctx) {
        Ok(harness) => harness,
        Err(errors) => {
            panic!("{}: the example does not build at {RATE_HZ} Hz: {errors:?}", D::KIND)
        }
    };
    let signal = test_signal(4000);
    let whole = build().run(&signal, 4000);
    assert!(!whole.is_empty(), "{}: nothing came out of four seconds of signal", D::KIND);
    packet_sizes::<D>(&build, &signal, &whole);
    announced::<D>(&build, &signal);
    nan_stays::<D>(&build, &signal, &whole);
    if D::LINEAR_PHASE {
        delay::<D>(&build);
    }
    let allocations = allocations(build(), &signal, measure);
    assert_eq!(allocations, 0, "{}: process allocates", D::KIND);
}

fn with_labels(mut spec: StreamSpec) -> StreamSpec {
    let mut sensor = SensorMeta::clone(&spec.sensor);
    for (channel, label) in sensor.channels.iter_mut().zip(LABELS) {
        label.clone_into(&mut channel.label);
    }
    spec.sensor = Arc::new(sensor);
    spec
}

fn parameters<D: StageDesc>() {
    let example = serde_json::to_value(D::example()).expect("parameters are plain data");
    let parsed = params::parse::<D>(&example);
    let again = match parsed {
        Ok(desc) => serde_json::to_value(desc).expect("parameters are plain data"),
        Err(errors) => panic!("{}: its own example does not parse: {errors:?}", D::KIND),
    };
    assert_eq!(again, example, "{}: the example changes when it is read and written", D::KIND);
    let mut with_typo = example.as_object().cloned().unwrap_or_default();
    with_typo.insert("no_such_parameter".to_owned(), Value::Null);
    // Straight through serde: our own check for unknown keys must not hide a missing `deny_unknown_fields`.
    let refused = serde_json::from_value::<D>(Value::Object(with_typo));
    assert!(
        refused.is_err(),
        "{}: an unknown parameter is accepted: add deny_unknown_fields",
        D::KIND
    );
    let schema = schemars::schema_for!(D).to_value();
    assert!(
        schema.get("description").is_some(),
        "{}: the parameter struct has no doc comment",
        D::KIND
    );
    for (name, property) in
        schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        assert!(
            property.get("description").is_some(),
            "{}: parameter `{name}` has no doc comment",
            D::KIND
        );
    }
}

/// Noise around an electrode offset, with a tone, different in every channel; the same on every run.
fn test_signal(frames: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..frames * CHANNELS)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
            let (t, channel) = ((i / CHANNELS) as f64 / RATE_HZ, (i % CHANNELS) as f64);
            (1000.0 * channel + 20.0 * (std::f64::consts::TAU * 10.0 * t).sin() + 10.0 * noise)
                as f32
        })
        .collect()
}

fn packet_sizes<D: StageDesc>(build: &dyn Fn() -> Harness, signal: &[f32], whole: &[f32]) {
    let mut harness = build();
    for packet_frames in [1, 7, 40, 64, 1000] {
        let out = harness.run(signal, packet_frames);
        let same = out.len() == whole.len()
            && out.iter().zip(whole).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(
            same,
            "{}: packets of {packet_frames} frames (after a reset) give other samples than one packet",
            D::KIND
        );
        harness.reset();
    }
    assert!(harness.feed(&[], Flags::NONE).is_ok(), "{}: an empty packet is refused", D::KIND);
}

fn announced<D: StageDesc>(build: &dyn Fn() -> Harness, signal: &[f32]) {
    let mut harness = build();
    let output = harness.output.clone().expect("a transform announces its output");
    let mut expected = 0;
    for chunk in signal.chunks(50 * CHANNELS) {
        let Some(packet) = harness.feed(chunk, Flags::NONE).expect("the stage takes the packet")
        else {
            continue;
        };
        assert_eq!(packet.kind, output.kind, "{}: another kind of packet than announced", D::KIND);
        assert_eq!(
            packet.header.sensor.channels.len(),
            output.channels(),
            "{}: other channels",
            D::KIND
        );
        assert!(
            (packet.header.rate_hz - output.rate_hz).abs() < 1e-9,
            "{}: the header has another rate",
            D::KIND
        );
        assert!(
            packet.header.frames as usize <= output.max_frames,
            "{}: packets longer than announced",
            D::KIND
        );
        assert_eq!(
            packet.header.first_sample,
            expected,
            "{}: sample indices are not continuous",
            D::KIND
        );
        expected += u64::from(packet.header.frames);
    }
}

fn nan_stays<D: StageDesc>(build: &dyn Fn() -> Harness, signal: &[f32], clean: &[f32]) {
    let mut harness = build();
    let output = harness.output.clone().expect("a transform announces its output");
    if output.channels() != CHANNELS || !harness_takes_microvolts(&output, &harness) {
        return;
    }
    let mut signal = signal.to_vec();
    signal[300 * CHANNELS + 1] = f32::NAN;
    let out = harness.run(&signal, 40);
    assert_eq!(out.len(), clean.len(), "{}: NaN changes how much comes out", D::KIND);
    let reached: Vec<usize> = (0..CHANNELS)
        .filter(|channel| *channel != 1)
        .filter(|channel| {
            let samples = out.iter().zip(clean).skip(*channel).step_by(CHANNELS);
            samples.into_iter().any(|(dirty, clean)| dirty.to_bits() != clean.to_bits())
        })
        .collect();
    if D::MIXES_CHANNELS {
        assert!(
            !reached.is_empty(),
            "{}: NaN stays in its channel: do not declare MIXES_CHANNELS",
            D::KIND
        );
    } else {
        assert!(reached.is_empty(), "{}: NaN in channel 1 reaches channels {reached:?}", D::KIND);
    }
}

fn harness_takes_microvolts(output: &StreamSpec, harness: &Harness) -> bool {
    output.kind.has_microvolts() && harness.takes_microvolts()
}

/// Feeds a slow sine and finds by how much it comes out later; the declared delay must agree to a tenth of a sample.
fn delay<D: StageDesc>(build: &dyn Fn() -> Harness) {
    let mut harness = build();
    let output = harness.output.clone().expect("a transform announces its output");
    if output.channels() != CHANNELS {
        return;
    }
    // Slow enough that no delay near the declared one is taken for another a period away.
    let period = 100 * (1 + (output.delay_s * output.rate_hz / 25.0).ceil() as usize);
    let hz = output.rate_hz / period as f64;
    let sine =
        |n: usize| (100_000.0 * (std::f64::consts::TAU * hz * n as f64 / RATE_HZ).sin()) as f32;
    let signal: Vec<f32> = (0..20_000 * CHANNELS).map(|i| sine(i / CHANNELS)).collect();
    let out: Vec<f32> = harness.run(&signal, 100).into_iter().step_by(CHANNELS).collect();
    // The last whole periods: correlate with sine and cosine of the same frequency.
    let whole = (out.len() / 2 / period) * period;
    let start = out.len() - whole;
    let (mut re, mut im) = (0.0, 0.0);
    for (k, x) in out[start..].iter().enumerate() {
        let phase = std::f64::consts::TAU * ((start + k) % period) as f64 / period as f64;
        re += f64::from(*x) * phase.sin();
        im += f64::from(*x) * phase.cos();
    }
    let measured_s = (-im).atan2(re) / (std::f64::consts::TAU * hz);
    let off_samples = (measured_s - output.delay_s) * RATE_HZ;
    assert!(
        off_samples.abs() < 0.1,
        "{}: declares a delay of {} s, measured {measured_s} s",
        D::KIND,
        output.delay_s
    );
}

fn allocations(
    mut harness: Harness,
    signal: &[f32],
    measure: &dyn Fn(&mut dyn FnMut()) -> u64,
) -> u64 {
    let mut feed_all = |packet_frames: usize| {
        for chunk in signal.chunks(packet_frames * CHANNELS) {
            if let Ok(Some(packet)) = harness.feed_shared(chunk, Flags::NONE) {
                packet.recycle();
            }
        }
    };
    feed_all(40);
    measure(&mut || feed_all(40))
}
