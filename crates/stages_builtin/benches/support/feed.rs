//! One stage by itself, fed with the same packet again and again; no executor.

use super::kinds::parse;
use crate::bench::stages::{codes, codes_spec, header};
use plugin_api::{
    Inputs, PacketKind, Role, RtPacket, StageCtx, StageEntry, StageImpl, StageInitCtx, StreamSpec,
};
use std::sync::Arc;

/// Frames of a packet.
pub const FRAMES: usize = 40;
const RATE_HZ: f64 = 4000.0;

/// A stage at work, and what feeds it.
pub struct Feed {
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
    /// The stage of this entry with its example parameters, or none, fed with `channels` channels.
    ///
    /// # Panics
    /// When the stage cannot be built or opened.
    pub fn new(entry: Option<&StageEntry>, channels: usize, ctx: &StageInitCtx) -> Self {
        let ports = entry.map_or(1, |entry| entry.inputs.0);
        let input_of = |kind| StreamSpec { kind, ..codes_spec(channels, RATE_HZ, FRAMES) };
        let build = |entry: &StageEntry, kind| {
            let streams = vec![("input", input_of(kind)); ports];
            parse(entry, &entry.example()).build(&Inputs::new(&streams), ctx)
        };
        // `to_voltage` would let microvolts through; a recorder of codes refuses them.
        let takes_codes = entry.is_some_and(|entry| {
            entry.kind == "to_voltage" || build(entry, PacketKind::Voltage).is_err()
        });
        let kind = if takes_codes { PacketKind::RawI32 } else { PacketKind::Voltage };
        let input = input_of(kind);
        let stage = entry.map(|entry| {
            let built = build(entry, kind);
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
    ///
    /// # Panics
    /// When the stage fails.
    pub fn packet(&mut self) {
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

    /// How many inputs the stage has.
    pub const fn ports(&self) -> usize {
        self.ports
    }
}
