//! One stage as a command, also retuned while it runs, so that other programs can check it.
//!
//! ```text
//! stage RATE_HZ CHANNELS PACKET KIND PARAMS [SAMPLE PARAMS]...      little-endian f32 frames from stdin to stdout
//!
//! PACKET  frames at a time      PARAMS  as JSON      SAMPLE  index of the first sample of the parameters after it
//! ```
//!
//! Every change does what a live one does: the stage is built anew and inherits from the one before. The channels are named after
//! electrodes of the 10-20 system, as far as they go.

use plugin_api::{
    ChannelMeta, Flags, Inputs, PacketHeader, PacketKind, SensorMeta, StageCtx, StageImpl,
    StageInitCtx, StreamSpec,
};
use std::io::{Read, Write};
use std::sync::Arc;

const LABELS: [&str; 8] = ["Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2"];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rate_hz, channels, packet, kind, first, changes @ ..] = &arguments[..] else {
        return Err("usage: stage RATE_HZ CHANNELS PACKET KIND PARAMS [SAMPLE PARAMS]...".into());
    };
    let (channels, packet): (usize, usize) = (channels.parse()?, packet.parse()?);
    let label = |n: usize| LABELS.get(n).map_or_else(|| format!("ch{n}"), |l| (*l).to_owned());
    let sensor = SensorMeta {
        channels: (0..channels).map(|n| ChannelMeta::microvolts(label(n))).collect(),
        ..SensorMeta::default()
    };
    let input = StreamSpec {
        kind: PacketKind::Voltage,
        rate_hz: rate_hz.parse()?,
        sensor: Arc::new(sensor),
        max_frames: packet,
        delay_s: 0.0,
        total_frames: None,
        live: true,
    };
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let samples: Vec<f32> =
        bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let mut run = Run {
        stage: build(kind, first, &input)?,
        source: StageCtx::for_test(packet * channels),
        ctx: StageCtx::for_test(64 * packet * channels),
        input: &input,
        next: 0,
        out: Vec::new(),
    };
    let mut rest = samples.as_slice();
    for change in changes.chunks(2) {
        let [sample, params] = change else { return Err("a SAMPLE without PARAMS".into()) };
        let frames = (sample.parse::<u64>()? - run.next) as usize;
        let (before, after) = rest.split_at(frames * channels);
        run.feed(before, packet * channels)?;
        let mut next = build(kind, params, &input)?;
        next.inherit(&mut *run.stage);
        run.stage = next;
        rest = after;
    }
    run.feed(rest, packet * channels)?;
    Ok(std::io::stdout().lock().write_all(&run.out)?)
}

struct Run<'a> {
    stage: Box<dyn StageImpl>,
    source: StageCtx,
    ctx: StageCtx,
    input: &'a StreamSpec,
    next: u64,
    out: Vec<u8>,
}

impl Run<'_> {
    fn feed(&mut self, samples: &[f32], packet: usize) -> Result<()> {
        for values in samples.chunks(packet) {
            let header = PacketHeader {
                sensor: Arc::clone(&self.input.sensor),
                first_sample: self.next,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: self.input.rate_hz,
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = self.source.fresh(header, self.input.kind);
            packet.microvolts_mut().extend_from_slice(values);
            self.next += (values.len() / self.input.channels()) as u64;
            self.ctx.prepare(0, 0);
            if let Some(packet) = self.stage.process(packet.share(), &mut self.ctx)? {
                self.out.extend(packet.microvolts().iter().flat_map(|y| y.to_le_bytes()));
                packet.recycle();
            }
        }
        Ok(())
    }
}

fn build(kind: &str, params: &str, input: &StreamSpec) -> Result<Box<dyn StageImpl>> {
    let entry = stages_builtin::STAGES.iter().find(|entry| entry.kind == kind);
    let entry = entry.ok_or_else(|| format!("there is no stage kind `{kind}`"))?;
    let desc = entry.parse(&serde_json::from_str(params)?).map_err(|e| format!("{e:?}"))?;
    let inputs = [("stdin", input.clone())];
    let built = desc.build(&Inputs::new(&inputs), &StageInitCtx::in_folder("."));
    let built = built.map_err(|mistakes| format!("{mistakes:?}"))?;
    built.into_stage().ok_or_else(|| format!("`{kind}` is a source").into())
}
