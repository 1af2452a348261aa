//! Our own contestants among the peers: started by `benches/peers/run`, which tells it the input and when it has its turn.
//!
//! `peer FOLDER avx2|widest|one-group|source-apart|sink-apart`: a line `CHANNELS ORDER PACKETS` on the standard input is a turn, its answer
//! nanoseconds per sample and channel; `CHANNELS ORDER write PATH` writes what comes out of the codes once through.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::stages::{Node, StopWatch, WARM_UP, codes_spec, header, run_line};
use plugin_api::{
    Built, Lockable, PacketKind, Role, RtPacket, SourceImpl, SourceStep, StageCtx, StageError,
    StageImpl, StageResult, StreamSpec,
};
use serde_json::json;
use stages_builtin::dsp::Sos;
use std::fs;
use std::hint::black_box;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use support::by_hand::{ByHand, limit, limit_avx2};
use support::kinds::node;

const RATE_HZ: f64 = 4000.0;
const FRAMES: usize = 40;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, row] = &args[..] else {
        // As `cargo bench` and `cargo test --benches` start it.
        println!("peer: a part of benches/peers/run");
        return;
    };
    let me = Me { folder: folder.into(), row: row.clone() };
    println!("ready");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<usize>().expect("a number");
        let (channels, order) = (number(0), number(1));
        if words[2] == "write" {
            let out = me.output(channels, order);
            let bytes: Vec<u8> = out.iter().flat_map(|y| y.to_le_bytes()).collect();
            fs::write(words[3], bytes).expect("the output can be written");
            println!("written");
        } else {
            println!("{}", me.turn(channels, order, number(2)));
        }
    }
}

/// One row of the table.
struct Me {
    folder: PathBuf,
    row: String,
}

impl Me {
    fn turn(&self, channels: usize, order: usize, packets: usize) -> f64 {
        if self.is_by_hand() {
            return self.by_hand(channels, order, packets).0;
        }
        let watch = StopWatch::over(packets);
        self.run(channels, order, packets + WARM_UP, &watch.node());
        watch.mean_ns() / (FRAMES * channels) as f64
    }

    fn output(&self, channels: usize, order: usize) -> Vec<f32> {
        let packets = codes(&self.folder, channels).len() / (FRAMES * channels);
        if self.is_by_hand() {
            return self.by_hand(channels, order, packets).1;
        }
        let kept = Arc::new(Mutex::new(Vec::new()));
        let sink = Keep(Arc::clone(&kept));
        self.run(
            channels,
            order,
            packets,
            &Node::new(Role::Sink, move |_| Ok(Built::sink(sink.clone()))),
        );
        std::mem::take(&mut *kept.lock().expect("no sink panics"))
    }

    fn is_by_hand(&self) -> bool {
        ["avx2", "widest"].contains(&self.row.as_str())
    }

    /// Nanoseconds per sample and channel, and the output of the first time through the codes.
    fn by_hand(&self, channels: usize, order: usize, packets: usize) -> (f64, Vec<f32>) {
        match (channels, order) {
            (8, 2) => self.fused::<3, 8>(order, packets),
            (8, _) => self.fused::<5, 8>(order, packets),
            (_, 2) => self.fused::<3, 16>(order, packets),
            _ => self.fused::<5, 16>(order, packets),
        }
    }

    fn fused<const S: usize, const N: usize>(
        &self,
        order: usize,
        packets: usize,
    ) -> (f64, Vec<f32>) {
        let sections: Vec<Sos> = sections(&self.folder, order);
        let mut chain = ByHand::<S, N> {
            unit_per_code: 4.5e6 / 24.0 / f64::from(1 << 23),
            sections: sections.try_into().expect("as many sections as the order says"),
            state: [[[0.0; N]; 2]; S],
        };
        let codes = codes(&self.folder, N);
        let mut out = vec![0.0; codes.len()];
        let work = if self.row == "avx2" { limit_avx2 } else { limit };
        let began = Instant::now();
        let packet = FRAMES * N;
        for at in (0..codes.len()).step_by(packet).cycle().take(packets) {
            work(
                &mut chain,
                black_box(&codes[at..at + packet]),
                black_box(&mut out[at..at + packet]),
            );
        }
        (began.elapsed().as_nanos() as f64 / (packets * packet) as f64, out)
    }

    fn run(&self, channels: usize, order: usize, packets: usize, sink: &Node) {
        let [acquire, dsp, sinks] = match self.row.as_str() {
            "one-group" => ["dsp", "dsp", "dsp"],
            "source-apart" => ["acquire", "dsp", "dsp"],
            "sink-apart" => ["dsp", "dsp", "sinks"],
            other => panic!("there is no row `{other}`"),
        };
        let spec = codes_spec(channels, RATE_HZ, FRAMES);
        let all: Arc<[i32]> = codes(&self.folder, channels).into();
        let source = Node::new(Role::Source, move |_| {
            let source = Codes { spec: spec.clone(), all: Arc::clone(&all), next: 0, packets };
            Ok(Built::source(source, spec.clone()))
        });
        let volts = node("to_voltage", &json!({}));
        let notch = node("notch", &json!({"hz": 50.0, "init": "zero"}));
        let band = json!({"low_hz": 0.5, "high_hz": 100.0, "order": order, "init": "zero"});
        let band = node("bandpass", &band);
        run_line(
            &[(acquire, &source), (dsp, &volts), (dsp, &notch), (dsp, &band), (sinks, sink)],
            &[],
        );
    }
}

fn codes(folder: &Path, channels: usize) -> Vec<i32> {
    let bytes = fs::read(folder.join(format!("codes_{channels}.i32"))).expect("the codes");
    bytes.as_chunks().0.iter().map(|code| i32::from_le_bytes(*code)).collect()
}

fn sections(folder: &Path, order: usize) -> Vec<Sos> {
    let text = fs::read_to_string(folder.join(format!("sections_{order}.txt")));
    let row = |line: &str| {
        let numbers = line.split_whitespace().map(|n| n.parse().expect("a number"));
        let [b0, b1, b2, a1, a2] = numbers.collect::<Vec<f64>>().try_into().expect("five numbers");
        Sos { b0, b1, b2, a1, a2 }
    };
    text.expect("the sections").lines().map(row).collect()
}

/// Plays the codes round and round.
struct Codes {
    spec: StreamSpec,
    all: Arc<[i32]>,
    next: usize,
    packets: usize,
}

impl Lockable for Codes {}
impl SourceImpl for Codes {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if self.next == self.packets {
            return Ok(SourceStep::End);
        }
        let first_sample = (self.next * FRAMES) as u64;
        let mut packet = ctx.fresh(header(&self.spec, first_sample), PacketKind::RawI32);
        let size = self.spec.max_samples();
        let at = self.next * size % self.all.len();
        packet.codes_mut().extend_from_slice(&self.all[at..at + size]);
        self.next += 1;
        Ok(SourceStep::Packet(packet.share()))
    }
}

/// Keeps what arrives.
#[derive(Clone)]
struct Keep(Arc<Mutex<Vec<f32>>>);
impl Lockable for Keep {}
impl StageImpl for Keep {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        self.0.lock().expect("nobody panics with it").extend_from_slice(packet.microvolts());
        Ok(Some(packet))
    }
}
