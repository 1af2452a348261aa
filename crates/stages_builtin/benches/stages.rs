//! What each stage costs by itself, beside copying the samples into a packet.
//!
//! `cargo bench -p stages_builtin --bench stages [-- --quick]`
//!
//! Every transform and sink of the table with its example parameters, in packets of 40 frames at 4000 samples/s. A turn
//! takes a packet from a pool, copies samples into it, calls the stage, and gives the packet back; the first row is that
//! without a stage. No executor.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::contest::Contest;
use bench::effort::Effort;
use bench::stages::{codes, codes_spec, header};
use plugin_api::{
    Inputs, PacketKind, Role, RtPacket, StageCtx, StageEntry, StageImpl, StageInitCtx, StreamSpec,
};
use std::sync::Arc;
use std::time::Instant;
use support::kinds::parse;

const FRAMES: usize = 40;
const RATE_HZ: f64 = 4000.0;

fn main() {
    let effort = Effort::from_args();
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let ctx = StageInitCtx::in_folder(folder.path());
    for channels in [8, 16] {
        let title = format!("stages: {channels} channels, {FRAMES} frames");
        let mut contest = Contest::new(title, "ns per sample and channel");
        contest.row("no stage: a packet filled by copying", turn(None, channels, &ctx, effort));
        for entry in stages_builtin::STAGES.iter().filter(|entry| entry.role != Role::Source) {
            contest.row(entry.kind, turn(Some(entry), channels, &ctx, effort));
        }
        contest.run(effort);
    }
}

/// A stage at work, and what feeds it.
struct Feed {
    stage: Option<Box<dyn StageImpl>>,
    is_sink: bool,
    ports: usize,
    input: StreamSpec,
    codes: Vec<i32>,
    microvolts: Vec<f32>,
    source: StageCtx,
    ctx: StageCtx,
    first_sample: u64,
}

impl Feed {
    fn new(entry: Option<&StageEntry>, channels: usize, ctx: &StageInitCtx) -> Self {
        let takes_codes = entry.is_some_and(|entry| entry.kind == "to_voltage");
        let kind = if takes_codes { PacketKind::RawI32 } else { PacketKind::Voltage };
        let input = StreamSpec { kind, ..codes_spec(channels, RATE_HZ, FRAMES) };
        let ports = entry.map_or(1, |entry| entry.inputs.0);
        let streams = vec![("input", input.clone()); ports];
        let stage = entry.map(|entry| {
            let built = parse(entry, &entry.example()).build(&Inputs::new(&streams), ctx);
            let built = built.unwrap_or_else(|errors| panic!("`{}`: {errors:?}", entry.kind));
            let mut stage = built.into_stage().expect("sources are left out");
            stage.open().expect("the stage opens");
            stage
        });
        let codes = codes(FRAMES * channels);
        let microvolts = codes.iter().map(|code| *code as f32 * 0.022_351_742).collect();
        let room = || StageCtx::for_test(ports * FRAMES * channels);
        let is_sink = entry.is_some_and(|entry| entry.role == Role::Sink);
        Self {
            stage,
            is_sink,
            ports,
            input,
            codes,
            microvolts,
            source: room(),
            ctx: room(),
            first_sample: 0,
        }
    }

    /// One packet to each input.
    fn packet(&mut self) {
        for port in 0..self.ports {
            let mut packet =
                self.source.fresh(header(&self.input, self.first_sample), self.input.kind);
            if self.input.kind == PacketKind::RawI32 {
                packet.codes_mut().extend_from_slice(&self.codes);
            } else {
                packet.microvolts_mut().extend_from_slice(&self.microvolts);
            }
            let packet = packet.share();
            let Some(stage) = &mut self.stage else { return packet.recycle() };
            self.ctx.prepare(port, 0);
            // A sink lets go of its packet: as the executor does, keep a handle, so that the shell goes home.
            let kept = self.is_sink.then(|| Arc::clone(&packet));
            if let Some(out) = stage.process(packet, &mut self.ctx).expect("the stage works") {
                out.recycle();
            }
            kept.into_iter().for_each(RtPacket::recycle);
        }
        self.first_sample += FRAMES as u64;
    }
}

fn turn<'a>(
    entry: Option<&StageEntry>,
    channels: usize,
    ctx: &StageInitCtx,
    effort: Effort,
) -> impl FnMut() -> f64 + use<'a> {
    let mut feed = Feed::new(entry, channels, ctx);
    let packets = effort.count(FRAMES * channels * 2);
    move || {
        let began = Instant::now();
        for _ in 0..packets {
            feed.packet();
        }
        let samples = packets * FRAMES * channels * feed.ports;
        began.elapsed().as_nanos() as f64 / samples as f64
    }
}
