//! Real filters retuned while they run: each output equals an offline run with the change made at the acknowledged sample.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use pipeline_core::executor::{ChangeError, Proposal, start};
use pipeline_core::graph::{BuildNode, CheckedGraph, NodeDesc, check};
use pipeline_core::{
    Built, ConfigError, ErrorAction, Flags, Inputs, Lockable, PacketHeader, PacketKind, Role,
    RtPacket, StageCtx, StageImpl, StageResult, StreamSpec,
};
use plugin_api::{DynDesc, Registry, StageInitCtx};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

const RATE_HZ: f64 = 4000.0;
const CHANNELS: usize = 8;
const CHANGES: usize = 300;

/// Each kind with the parameter that is turned, and the values it may have.
const FILTERS: [(&str, &str, [f64; 4]); 6] = [
    ("notch", "hz", [50.0, 60.0, 100.0, 150.0]),
    ("notch", "q", [2.0, 10.0, 30.0, 60.0]),
    ("highpass", "hz", [0.1, 0.5, 1.0, 5.0]),
    ("lowpass", "hz", [20.0, 40.0, 70.0, 500.0]),
    ("bandpass", "low_hz", [0.5, 1.0, 4.0, 8.0]),
    ("bandstop", "high_hz", [52.0, 55.0, 65.0, 80.0]),
];

fn params(filter: usize, value: f64) -> Value {
    let (kind, turned, _) = FILTERS[filter];
    let mut params = match kind {
        "notch" => json!({ "hz": 50.0 }),
        "bandpass" | "bandstop" => json!({ "low_hz": 45.0, "high_hz": 100.0 }),
        _ => json!({}),
    };
    params[turned] = json!(value);
    params
}

/// A kind of the table with its parameters, or a sink of this test.
enum Kind {
    Table(Role, Box<dyn DynDesc>),
    Seen(Seen),
}

impl BuildNode for Kind {
    fn role(&self) -> Role {
        match self {
            Self::Table(role, _) => *role,
            Self::Seen(_) => Role::Sink,
        }
    }
    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>> {
        match self {
            Self::Table(_, desc) => desc.build(inputs, &StageInitCtx::in_folder(".")),
            Self::Seen(seen) => Ok(Built::sink(seen.clone())),
        }
    }
}

fn kind(name: &str, params: &Value) -> Kind {
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap();
    let entry = registry.get(name).unwrap();
    Kind::Table(entry.role, entry.parse(params).unwrap())
}

/// Remembers every sample, and that none is missing or doubled.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<f32>>>);
impl Lockable for Seen {}
impl StageImpl for Seen {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        let mut seen = self.0.lock().unwrap();
        assert_eq!(packet.header().first_sample as usize, seen.len() / CHANNELS);
        seen.extend_from_slice(packet.microvolts());
        Ok(Some(packet))
    }
}

fn graph(values: &[f64], sinks: &[Seen], raw: &Seen) -> CheckedGraph {
    let source = json!({ "sps": RATE_HZ, "channels": CHANNELS, "seed": 3 });
    let mut nodes = vec![
        ("source".to_owned(), vec![], kind("synthetic", &source)),
        ("volts".to_owned(), vec!["source".to_owned()], kind("to_voltage", &json!({}))),
        ("raw".to_owned(), vec!["volts".to_owned()], Kind::Seen(raw.clone())),
    ];
    for (f, (value, sink)) in values.iter().zip(sinks).enumerate() {
        let filter = kind(FILTERS[f].0, &params(f, *value));
        nodes.push((format!("f{f}"), vec!["volts".to_owned()], filter));
        nodes.push((format!("k{f}"), vec![format!("f{f}")], Kind::Seen(sink.clone())));
    }
    let descs = nodes.iter().map(|(id, inputs, kind)| NodeDesc {
        id: id.clone(),
        inputs: Some(inputs.clone()),
        group: None,
        policy: Box::new(ErrorAction::Fatal),
        build: kind,
    });
    check(descs.collect()).unwrap()
}

/// A stage outside any executor.
fn alone(filter: usize, value: f64, spec: &StreamSpec) -> Box<dyn StageImpl> {
    let inputs = [("volts", spec.clone())];
    kind(FILTERS[filter].0, &params(filter, value))
        .build(&Inputs::new(&inputs))
        .unwrap()
        .into_stage()
        .unwrap()
}

/// Runs the filter over `raw`, exchanged for the next one at each sample of `turns`.
fn offline(filter: usize, turns: &[(usize, f64)], raw: &[f32], spec: &StreamSpec) -> Vec<f32> {
    let (mut ctx, mut source) = (StageCtx::for_test(4096), StageCtx::for_test(4096));
    let mut stage = alone(filter, turns[0].1, spec);
    let mut out = Vec::with_capacity(raw.len());
    let frames = raw.len() / CHANNELS;
    for (t, (from, value)) in turns.iter().enumerate() {
        if t > 0 {
            let mut next = alone(filter, *value, spec);
            next.inherit(&mut *stage);
            stage = next;
        }
        let until = turns.get(t + 1).map_or(frames, |(until, _)| *until);
        // Other packets than the live run had.
        for first in (*from..until).step_by(17) {
            let last = (first + 17).min(until);
            let header = PacketHeader {
                sensor: Arc::clone(&spec.sensor),
                first_sample: first as u64,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: RATE_HZ,
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = source.fresh(header, PacketKind::Voltage);
            packet.microvolts_mut().extend_from_slice(&raw[first * CHANNELS..last * CHANNELS]);
            ctx.prepare(0, 0);
            if let Some(packet) = stage.process(packet.share(), &mut ctx).unwrap() {
                out.extend_from_slice(packet.microvolts());
                packet.recycle();
            }
        }
    }
    out
}

#[test]
fn a_retuned_filter_equals_an_offline_run_with_the_change_at_the_acknowledged_sample() {
    let raw = Seen::default();
    let sinks: Vec<Seen> = FILTERS.iter().map(|_| Seen::default()).collect();
    let mut values: Vec<f64> = FILTERS.iter().map(|(_, _, values)| values[0]).collect();
    let running = start(graph(&values, &sinks, &raw), &[]).unwrap();
    let stages = running.stages();
    let spec = stages.iter().find(|s| &*s.id == "volts").unwrap().output.clone().unwrap();
    let mut turns: Vec<Vec<(usize, f64)>> = values.iter().map(|value| vec![(0, *value)]).collect();
    let mut dice = 12_345_u32;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 16) as usize % sides
    };
    let mut made = 0;
    while made < CHANGES {
        let before = values.clone();
        let turned: HashSet<usize> = (0..=roll(3)).map(|_| roll(FILTERS.len())).collect();
        for f in &turned {
            values[*f] = FILTERS[*f].2[roll(4)];
        }
        let proposal = Proposal {
            graph: graph(&values, &sinks, &raw),
            groups: Vec::new(),
            changed: turned.iter().map(|f| format!("f{f}")).collect(),
            restart: HashSet::new(),
        };
        match running.change(proposal) {
            Ok(applied) => {
                assert_eq!(applied.len(), turned.len());
                for (id, sample) in applied {
                    let f: usize = id[1..].parse().unwrap();
                    turns[f].push((sample as usize, values[f]));
                }
                made += 1;
            }
            // A machine that stood still for a second: nothing has changed.
            Err(ChangeError::Behind { .. }) => values = before,
            Err(error) => panic!("{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(roll(20) as u64));
    }
    running.stop();
    let outcome = running.wait();
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    let raw = raw.0.lock().unwrap();
    for (f, sink) in sinks.iter().enumerate() {
        let live = sink.0.lock().unwrap();
        let expected = offline(f, &turns[f], &raw, &spec);
        assert_eq!(live.len(), expected.len());
        let square = |x: &f32| f64::from(*x).powi(2);
        let rms = (expected.iter().map(square).sum::<f64>() / expected.len() as f64).sqrt();
        let off = live.iter().zip(&expected).map(|(a, b)| f64::from((a - b).abs()));
        let worst = off.fold(0.0, f64::max) / rms;
        println!(
            "{}: {} turns, off by {worst:.1e} of {rms:.2} uV rms",
            FILTERS[f].0,
            turns[f].len() - 1
        );
        assert!(worst < 1e-6, "{} of {rms}", FILTERS[f].0);
    }
}
