//! What was recorded is played as it was: samples, gaps, sensor, time; and what cannot be recorded is refused with what to do.

use super::bdf_sink::BdfSinkDesc;
use super::edf_sink::EdfSinkDesc;
use super::xdf_sink::XdfSinkDesc;
use crate::sources::playback::PlaybackDesc;
use plugin_api::testing::{Harness, microvolt_spec, raw_spec};
use plugin_api::{
    ConfigError, Flags, Gate, Inputs, PacketOwned, SourceStep, StageCtx, StageDesc, StageInitCtx,
    StreamSpec,
};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

fn spec(channels: usize) -> StreamSpec {
    let mut spec = raw_spec(channels, 250.0);
    let mut sensor = plugin_api::SensorMeta::clone(&spec.sensor);
    (sensor.sensor_id, sensor.meta_rev) = (3, 7);
    sensor.name = "a board with a rather long name, serial 0123456789".to_owned();
    sensor.vref_uv = Some(4.5e6);
    sensor.channels[0].label = "Fp1".to_owned();
    spec.sensor = Arc::new(sensor);
    spec.live = false;
    spec
}

/// Records a signal of codes, with 5 frames lost after 300 and 700 after 600.
fn record<D: StageDesc>(folder: &Path, desc: &D, spec: StreamSpec) -> Vec<(u64, Vec<f32>)> {
    let channels = spec.channels();
    let mut harness = Harness::new(desc, spec, &StageInitCtx::in_folder(folder)).unwrap();
    let (mut index, mut all) = (0_u64, Vec::new());
    for packet in 0..90 {
        for (at, lost) in [(30, 5), (60, 700)] {
            if packet == at {
                harness.lose(lost);
                index += lost;
            }
        }
        let value = |i: u64, c: u64| match (i, c) {
            (7, 0) => -8_388_608.0,
            (8, 0) => 8_388_607.0,
            _ => ((i * 7919 + c * 31) % 8_000_000) as f32 - 4_000_000.0,
        };
        let signal: Vec<f32> = (index..index + 10)
            .flat_map(|i| (0..channels as u64).map(move |c| value(i, c)))
            .collect();
        harness.feed(&signal, Flags::NONE).unwrap();
        all.extend((index..).zip(signal.chunks(channels).map(<[f32]>::to_vec)));
        index += 10;
    }
    harness.close().unwrap();
    all
}

fn play(folder: &Path, path: &str, gate: Option<Arc<Gate>>) -> Vec<PacketOwned> {
    let ctx = StageInitCtx { offline: true, gate, ..StageInitCtx::in_folder(folder) };
    let desc = PlaybackDesc { path: path.to_owned(), ..PlaybackDesc::example() };
    let built = desc.build(&Inputs::new(&[]), &ctx).unwrap();
    let room = built.output().unwrap().max_samples();
    let mut source = built.into_source().unwrap();
    source.open().unwrap();
    let (mut stage_ctx, mut packets) = (StageCtx::for_test(room), Vec::new());
    loop {
        match source.next(&mut stage_ctx).unwrap() {
            SourceStep::Packet(packet) => packets.push(PacketOwned::from(&*packet)),
            SourceStep::Idle => {
                let gate = ctx.gate.as_ref().expect("only a gate makes it wait");
                assert!(gate.is_reached());
                gate.open_until(gate.until() + 97);
            }
            SourceStep::End => return packets,
        }
    }
}

fn check(packets: &[PacketOwned], recorded: &[(u64, Vec<f32>)], spec: &StreamSpec) {
    let channels = spec.channels();
    let mut found = Vec::new();
    for packet in packets {
        let header = &packet.header;
        assert_eq!(*header.sensor, *spec.sensor);
        assert_eq!(header.time_ns, plugin_api::clock::span_ns(header.first_sample, 250.0));
        let frames = packet.codes.chunks(channels).map(|f| f.iter().map(|c| *c as f32).collect());
        found.extend((header.first_sample..).zip(frames));
    }
    assert_eq!(found.len(), recorded.len());
    assert!(found.iter().zip(recorded).all(|(a, b)| a == b), "the same samples at the same places");
}

#[test]
fn a_recording_plays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(3);
    let bdf = BdfSinkDesc { path: "a.bdf".to_owned(), ..BdfSinkDesc::example() };
    let xdf = XdfSinkDesc { path: "a.xdf".to_owned(), ..XdfSinkDesc::example() };
    let recorded = record(folder.path(), &bdf, spec.clone());
    assert_eq!(record(folder.path(), &xdf, spec.clone()), recorded);
    for path in ["a.bdf", "a.xdf"] {
        check(&play(folder.path(), path, None), &recorded, &spec);
        // Stopping at any sample on the way makes no difference.
        let gated = play(folder.path(), path, Some(Arc::new(Gate::new(13))));
        for gate in [13, 110, 207] {
            assert!(gated.iter().any(|p| p.header.first_sample == gate), "{path}: {gate}");
        }
        check(&gated, &recorded, &spec);
    }
}

/// A stage's first mistake.
fn refused<D: StageDesc>(params: serde_json::Value, input: StreamSpec) -> ConfigError {
    let desc: D = serde_json::from_value(params).unwrap();
    let ctx = StageInitCtx::in_folder("/nowhere");
    desc.build(&Inputs::new(&[("above", input)]), &ctx).unwrap_err().remove(0)
}

#[test]
fn what_a_format_cannot_hold_is_refused_with_what_to_do() {
    let raw = || raw_spec(2, 250.0);
    let uv = || microvolt_spec(2, 250.0);
    for (error, words) in [
        (
            refused::<BdfSinkDesc>(json!({"path": "a.bdf"}), uv()),
            "take them from a stage before `to_voltage`",
        ),
        (refused::<BdfSinkDesc>(json!({"path": "a.bdf", "range_uv": 100}), raw()), "leave it out"),
        (refused::<BdfSinkDesc>(json!({"path": "a.bdf", "range_uv": -1}), uv()), "above 0"),
        (refused::<EdfSinkDesc>(json!({"path": "a.edf"}), raw()), "have steps of 5.7"),
        (
            refused::<EdfSinkDesc>(json!({"path": "a.edf", "range_uv": 100_000}), uv()),
            "give a smaller range",
        ),
        (refused::<EdfSinkDesc>(json!({"path": "{study}/a.edf"}), uv()), "in a study only"),
        (refused::<XdfSinkDesc>(json!({"path": "a.xdf", "buffer_s": 0}), raw()), "from 0.5 to 600"),
        (refused::<XdfSinkDesc>(json!({"path": "a.xdf", "split_s": 0}), raw()), "above 0"),
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
    let mut long = raw();
    let mut sensor = plugin_api::SensorMeta::clone(&long.sensor);
    sensor.channels[1].label = "seventeen letters".to_owned();
    long.sensor = Arc::new(sensor);
    let error = refused::<BdfSinkDesc>(json!({"path": "a.bdf"}), long);
    assert!(error.to_string().contains("put `rename` before it"), "{error}");
}
