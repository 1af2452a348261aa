//! A minute of random changes over the API: no sample is lost or doubled anywhere, and each change of a gain shows in the
//! values from exactly the sample that was acknowledged.

use crate::support::{Answer, Heard, Listener, Rig};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SOAK: Duration = Duration::from_mins(1);
const SEED: u64 = 20_261_126;
const CHANNELS: u64 = 2;
const PIPELINE: &str = "\
- synthetic: { sps: 1000, channels: 2, seed: 7 }
- to_voltage
- websocket_sink: { id: volts, topic: volts }
- gain: { factor: 1 }
- websocket_sink: { id: gained, topic: gained }
- notch: { hz: 60, inputs: to_voltage }
- websocket_sink: { id: side, topic: side }
";

/// xorshift64: a seed that fails can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// Stages that come and go, each behind `to_voltage`, `gain`, `notch` or another of them.
#[derive(Default)]
struct Extras {
    there: Vec<(String, String)>,
    made: u64,
}

impl Extras {
    fn add(&mut self, random: &mut Random) -> Value {
        let id = format!("x{}", self.made);
        self.made += 1;
        let known = ["to_voltage", "gain", "notch"].map(str::to_owned);
        let above: Vec<String> =
            known.into_iter().chain(self.there.iter().map(|(id, _)| id.clone())).collect();
        let after = random.one(&above).clone();
        let kinds = [
            ("gain", json!({ "factor": 3 })),
            ("lowpass", json!({ "hz": 40 })),
            ("notch", json!({ "hz": 50 })),
            ("rms", json!({ "window_s": 0.1 })),
        ];
        let (kind, params) = random.one(&kinds);
        self.there.push((id.clone(), after.clone()));
        json!([
            { "op": "add", "path": format!("/stages/{id}"), "value": { "kind": kind, "inputs": [after], "params": params } },
            { "op": "add", "path": format!("/stages/{id}_sink"), "value": { "kind": "websocket_sink", "inputs": [id], "params": { "topic": id } } },
        ])
    }

    /// Removes one that feeds no other.
    fn remove(&mut self, random: &mut Random) -> Option<Value> {
        let leaves: Vec<usize> = (0..self.there.len())
            .filter(|i| self.there.iter().all(|(_, after)| *after != self.there[*i].0))
            .collect();
        let (id, _) =
            self.there.remove(*leaves.get(random.below(leaves.len().max(1) as u64) as usize)?);
        Some(
            json!([{ "op": "remove", "path": format!("/stages/{id}") }, { "op": "remove", "path": format!("/stages/{id}_sink") }]),
        )
    }
}

#[test]
fn a_minute_of_random_changes_loses_and_blurs_no_sample() {
    let rig = Rig::new(PIPELINE);
    let listen = |topic| Listener::start(&rig.live.address, topic);
    let (volts, gained, side) = (listen("volts"), listen("gained"), listen("side"));
    rig.until_frames("side", 100);
    let mut random = Random(SEED);
    let mut extras = Extras::default();
    // The gain from each sample on.
    let mut gains: Vec<(u64, f32)> = vec![(0, 1.0)];
    let mut counts = [0u32; 6];
    let began = Instant::now();
    while began.elapsed() < SOAK {
        let what = random.below(6) as usize;
        let set =
            |path: &str, value: Value| json!([{ "op": "replace", "path": path, "value": value }]);
        let patch = match what {
            0 => {
                let factor = 1.0 + random.below(1000) as f32 / 8.0;
                let answer = rig.patch(&set("/stages/gain/params/factor", json!(factor))).ok();
                if let Some(at) = answer["applied_at"]["gain"].as_u64() {
                    gains.push((at, factor));
                }
                None
            }
            1 => Some(set("/stages/notch/params/hz", json!(40 + random.below(100)))),
            2 => Some(set(
                "/stages/side/inputs",
                json!([random.one(&["to_voltage", "gain", "notch"])]),
            )),
            3 if extras.there.len() < 8 => Some(extras.add(&mut random)),
            3 | 4 => extras.remove(&mut random),
            _ => {
                rig.patch(&set("/stages/notch/params/hz", json!(-1))).problem(422, "invalid");
                None
            }
        };
        if let Some(patch) = patch {
            let Answer { status, body, .. } = rig.patch(&patch);
            assert_eq!(status, 200, "seed {SEED}: {patch}: {body:#}");
        }
        counts[what] += 1;
        std::thread::sleep(Duration::from_millis(random.below(20)));
    }
    let now = rig.live.figure("side", "frames_in");
    rig.until_frames("side", now + 100);
    let lost = ["volts", "gained"].map(|stage| rig.live.figure(stage, "lost_frames"));
    assert_eq!(lost, [0, 0]);
    let (volts, gained, side) = (volts.stop(), gained.stop(), side.stop());
    [&volts, &gained, &side].into_iter().for_each(Heard::assert_whole);
    println!(
        "seed {SEED}: {} gains, {} retunes, {} rewirings, {} additions, {} removals, {} refused; {} samples a topic",
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        counts[4],
        counts[5],
        volts.values.len() as u64 / CHANNELS
    );
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    check_gains(&volts, &gained, &gains);
}

/// Each value is that of `volts`, times the gain that counted at its sample.
fn check_gains(volts: &Heard, gained: &Heard, gains: &[(u64, f32)]) {
    assert!(gains.windows(2).all(|pair| pair[0].0 <= pair[1].0), "acknowledged in order");
    let ((from, to), (gained_from, gained_to)) = (volts.span.unwrap(), gained.span.unwrap());
    let mut checked = 0;
    for sample in from.max(gained_from)..to.min(gained_to) {
        let (_, factor) = gains.iter().rev().find(|(at, _)| *at <= sample).unwrap();
        for channel in 0..CHANNELS {
            let value = |heard: &Heard, from: u64| {
                heard.values[((sample - from) * CHANNELS + channel) as usize]
            };
            let (x, y) = (value(volts, from), value(gained, gained_from));
            assert_eq!(y, x * factor, "seed {SEED}: sample {sample}, channel {channel}");
            checked += 1;
        }
    }
    println!("{checked} values equal the gain that was acknowledged for their sample");
    assert!(checked > 10_000);
}
