//! Every stage makes the same of the same samples on every machine: compared with what was written down on one.
//!
//! `tests/same_everywhere.txt` holds, for each kind with its example parameters, some samples of the output for a fixed input. On x86-64 this is what
//! the AVX-512, AVX2 or SSE path of this processor makes, on aarch64 that of NEON; that all levels of one processor give
//! the same bits is shown beside the loops. `EEGD_WRITE_FIXTURE=1 cargo test -p stages_builtin --test same_everywhere` writes the file anew.

use plugin_api::{
    ChannelMeta, Flags, Inputs, PacketHeader, PacketKind, Registry, Role, SensorMeta, StageCtx,
    StageEntry, StageInitCtx, StreamSpec,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

/// Of the largest output of a stage. f32 itself is coarser: a sample may round to its neighbour, which only an output right at the
/// middle of two does; so equal samples are the rule, and how many may differ is limited.
const LIMIT: f64 = 1e-9;
/// The distance of two neighbours, in parts of the larger.
const F32_STEP: f64 = 1.2e-7;
const FEW: f64 = 0.01;
const CHANNELS: usize = 11;
const FRAMES: usize = 50;
const PACKETS: usize = 60;
const RATE_HZ: f64 = 250.0;

#[test]
fn stages_make_the_same_on_this_machine_as_on_the_one_that_wrote_the_file() {
    let registry = Registry::default().with(stages_builtin::STAGES).expect("each kind once");
    let transforms = registry.entries().iter().filter(|entry| entry.role == Role::Transform);
    let made: BTreeMap<&str, Vec<f32>> =
        transforms.map(|entry| (entry.kind, thinned(&output(entry)))).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/same_everywhere.txt");
    if env::var_os("EEGD_WRITE_FIXTURE").is_some() {
        let mut text = String::new();
        for (kind, samples) in &made {
            let samples: Vec<String> = samples.iter().map(f32::to_string).collect();
            writeln!(text, "{kind} {}", samples.join(" ")).expect("a text takes everything");
        }
        fs::write(&path, text).expect("the file can be read and written");
    }
    let text = fs::read_to_string(&path).expect("the file can be read and written");
    let expected: BTreeMap<&str, Vec<f32>> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(kind, rest)| (kind, rest.split(' ').map(|x| x.parse().expect("a number")).collect()))
        .collect();
    assert!(
        made.keys().eq(expected.keys()),
        "a stage has come or gone: EEGD_WRITE_FIXTURE=1 cargo test -p stages_builtin --test same_everywhere"
    );
    for (kind, made) in &made {
        compare(kind, made, &expected[kind]);
    }
}

fn compare(kind: &str, made: &[f32], expected: &[f32]) {
    assert_eq!(made.len(), expected.len(), "{kind}");
    let largest = expected.iter().fold(0.0, |most: f64, x| most.max(f64::from(x.abs())));
    let mut neighbours = 0;
    for (n, (a, b)) in made.iter().zip(expected).enumerate() {
        let off = (f64::from(*a) - f64::from(*b)).abs();
        if off <= LIMIT * largest || (a.is_nan() && b.is_nan()) {
            continue;
        }
        neighbours += 1;
        let step = F32_STEP * f64::from(a.abs().max(b.abs()));
        assert!(off <= step, "{kind}, value {n}: {a} for {b}");
    }
    let share = f64::from(neighbours) / made.len() as f64;
    assert!(share <= FEW, "{kind}: {:.1} % of the values are rounded differently", 100.0 * share);
}

/// At most some hundreds of values from everywhere, of every channel.
fn thinned(samples: &[f32]) -> Vec<f32> {
    let step = (samples.len() / 400) | 1;
    samples.iter().copied().step_by(step).collect()
}

/// Everything the stage makes of the signal with its example parameters.
fn output(entry: &StageEntry) -> Vec<f32> {
    let ctx = StageInitCtx::in_folder(".");
    let desc = entry.parse(&entry.example()).expect("an example is right");
    let build = |kind| {
        let streams = vec![("input", input(kind)); entry.inputs.0];
        desc.build(&Inputs::new(&streams), &ctx).map(|built| (kind, built))
    };
    let built = if entry.kind == "to_voltage" {
        build(PacketKind::RawI32)
    } else {
        build(PacketKind::Voltage).or_else(|_| build(PacketKind::RawI32))
    };
    let (kind, built) = built.unwrap_or_else(|errors| panic!("{}: {errors:?}", entry.kind));
    let mut stage = built.into_stage().expect("sources are left out");
    let (mut source, mut work) =
        (StageCtx::for_test(CHANNELS * FRAMES), StageCtx::for_test(4 * CHANNELS * FRAMES));
    let (input, mut signal, mut made) = (input(kind), Signal::default(), Vec::new());
    for packet in 0..PACKETS {
        let values: Vec<f64> = (0..FRAMES).flat_map(|_| signal.frame()).collect();
        for port in 0..entry.inputs.0 {
            let first_sample = (packet * FRAMES) as u64;
            let header = PacketHeader {
                sensor: Arc::clone(&input.sensor),
                first_sample,
                time_ns: (first_sample * 4_000_000) as i64,
                captured_ns: 0,
                rate_hz: RATE_HZ,
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = source.fresh(header, kind);
            if kind == PacketKind::RawI32 {
                packet.codes_mut().extend(values.iter().map(|uv| (uv / 0.022) as i32));
            } else {
                packet.microvolts_mut().extend(values.iter().map(|uv| *uv as f32));
            }
            work.prepare(port, 0);
            if let Some(out) = stage.process(packet.share(), &mut work).expect("the stage works") {
                made.extend_from_slice(out.microvolts());
            }
        }
    }
    assert!(!made.is_empty(), "`{}` made nothing", entry.kind);
    made
}

/// Offsets, whole numbers of noise, a slow square wave: arithmetic that is exact everywhere.
#[derive(Default)]
struct Signal {
    frames: u32,
    noise: u32,
}

impl Signal {
    fn frame(&mut self) -> [f64; CHANNELS] {
        self.frames += 1;
        let wave = f64::from(self.frames / 13 % 2) * 40.0;
        std::array::from_fn(|channel| {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            900.0 * channel as f64 - 4000.0 + wave + f64::from(self.noise >> 26)
        })
    }
}

fn input(kind: PacketKind) -> StreamSpec {
    let labels = ["Fp1", "Fp2", "F3", "F4", "F7", "Cz", "C3", "C4", "O1", "O2", "Pz"];
    let channels = labels.map(|label| ChannelMeta::adc24(label.to_owned(), 4.5e6, 24.0)).into();
    StreamSpec {
        kind,
        rate_hz: RATE_HZ,
        sensor: Arc::new(SensorMeta { channels, ..SensorMeta::default() }),
        max_frames: FRAMES,
        delay_s: 0.0,
        total_frames: None,
        live: true,
    }
}
