//! Plays executor for one transform: cuts a signal into packets, feeds them, collects what comes out.

use crate::{StageDesc, StageInitCtx};
use pipeline_core::{
    ChannelMeta, ConfigError, Event, Flags, Inputs, PacketHeader, PacketKind, PacketOwned,
    SensorMeta, StageCtx, StageError, StageImpl, StreamSpec,
};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// A live stream of microvolts: `channels` channels at `rate_hz`, packets of at most 4096 frames.
pub fn microvolt_spec(channels: usize, rate_hz: f64) -> StreamSpec {
    let labels = (1..=channels).map(|n| ChannelMeta::microvolts(format!("ch{n}")));
    spec(PacketKind::Voltage, labels.collect(), rate_hz)
}

/// A live stream of 24-bit codes at gain 24 and 4.5 V.
pub fn raw_spec(channels: usize, rate_hz: f64) -> StreamSpec {
    let labels = (1..=channels).map(|n| ChannelMeta::adc24(format!("ch{n}"), 4.5e6, 24.0));
    spec(PacketKind::RawI32, labels.collect(), rate_hz)
}

fn spec(kind: PacketKind, channels: Vec<ChannelMeta>, rate_hz: f64) -> StreamSpec {
    let sensor = SensorMeta { name: "test".to_owned(), channels, ..SensorMeta::default() };
    StreamSpec {
        kind,
        rate_hz,
        sensor: Arc::new(sensor),
        max_frames: 4096,
        delay_s: 0.0,
        total_frames: None,
        live: true,
    }
}

/// One stage and what an executor would keep beside it.
pub struct Harness {
    stage: Box<dyn StageImpl>,
    ctx: StageCtx,
    source: StageCtx,
    input: StreamSpec,
    /// What the stage says comes out.
    pub output: Option<StreamSpec>,
    next_sample: u64,
}

impl Harness {
    /// Builds and opens the stage that `desc` describes, fed by `input`.
    ///
    /// # Errors
    /// The mistakes `build` found.
    ///
    /// # Panics
    /// When the stage does not open.
    pub fn new(
        desc: &impl StageDesc,
        input: StreamSpec,
        ctx: &StageInitCtx,
    ) -> Result<Self, Vec<ConfigError>> {
        let built = desc.build(&Inputs::new(&[("input", input.clone())]), ctx)?;
        let output = built.output().cloned();
        let mut stage = built.into_stage().expect("a source has no input to be fed by");
        stage.open().expect("the stage opens");
        let room = input.max_samples().max(output.as_ref().map_or(0, StreamSpec::max_samples));
        Ok(Self {
            stage,
            ctx: StageCtx::for_test(room),
            source: StageCtx::for_test(room),
            input,
            output,
            next_sample: 0,
        })
    }

    /// Feeds one packet of microvolts or, when the input holds codes, of the signal rounded to codes.
    ///
    /// # Errors
    /// What the stage answered.
    pub fn feed(
        &mut self,
        signal: &[f32],
        flags: Flags,
    ) -> Result<Option<PacketOwned>, StageError> {
        Ok(self.feed_shared(signal, flags)?.map(|packet| {
            let owned = PacketOwned::from(&*packet);
            packet.recycle();
            owned
        }))
    }

    /// As [`feed`](Self::feed), without a copy on the heap.
    ///
    /// # Errors
    /// What the stage answered.
    pub fn feed_shared(&mut self, signal: &[f32], flags: Flags) -> crate::StageResult {
        let header = PacketHeader {
            sensor: Arc::clone(&self.input.sensor),
            first_sample: self.next_sample,
            time_ns: pipeline_core::clock::span_ns(self.next_sample, self.input.rate_hz),
            captured_ns: 0,
            rate_hz: self.input.rate_hz,
            frames: 0,
            flags,
        };
        let mut packet = self.source.fresh(header, self.input.kind);
        if self.input.kind.has_codes() {
            packet.codes_mut().extend(signal.iter().map(|x| *x as i32));
        }
        if self.input.kind.has_microvolts() {
            packet.microvolts_mut().extend_from_slice(signal);
        }
        self.next_sample += (signal.len() / self.input.channels().max(1)) as u64;
        self.ctx.prepare(0, 0);
        self.stage.process(packet.share(), &mut self.ctx)
    }

    /// What the stage reports from now on.
    pub fn hear_reports(&mut self) -> Receiver<Event> {
        self.ctx.hear_reports()
    }

    /// Pretends that `frames` frames were lost before the next packet.
    pub fn lose(&mut self, frames: u64) {
        self.next_sample += frames;
    }

    /// Runs a whole signal, `[frame][channel]`, in packets of `packet_frames`; returns the microvolts that came out.
    ///
    /// # Panics
    /// When the stage fails.
    pub fn run(&mut self, signal: &[f32], packet_frames: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for chunk in signal.chunks(packet_frames * self.input.channels().max(1)) {
            if let Some(packet) = self.feed(chunk, Flags::NONE).expect("the stage takes the packet")
            {
                out.extend_from_slice(&packet.microvolts);
            }
        }
        self.ctx.prepare(0, 0);
        if let Some(packet) = self.stage.end(&mut self.ctx).expect("the stage ends in order") {
            out.extend_from_slice(packet.microvolts());
        }
        out
    }

    /// Back to the state after `build`; the sample count starts over.
    pub fn reset(&mut self) {
        self.stage.reset();
        self.next_sample = 0;
    }
}

/// Steady-state gain of a one-channel transform at `hz`, in dB, measured with a sine of 100 uV.
///
/// # Panics
/// When the stage cannot be built for microvolts at `rate_hz`.
pub fn gain_db(desc: &impl StageDesc, rate_hz: f64, hz: f64) -> f64 {
    let ctx = StageInitCtx::in_folder(".");
    let mut harness =
        Harness::new(desc, microvolt_spec(1, rate_hz), &ctx).expect("the stage builds");
    let frames = (rate_hz * 60.0) as usize;
    let sine = |n: usize| (100.0 * (std::f64::consts::TAU * hz * n as f64 / rate_hz).sin()) as f32;
    let signal: Vec<f32> = (0..frames).map(sine).collect();
    let out = harness.run(&signal, 100);
    let tail = &out[out.len() / 2..];
    let rms = (tail.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / tail.len() as f64).sqrt();
    20.0 * (rms / (100.0 / 2.0_f64.sqrt())).max(1e-12).log10()
}

impl Harness {
    pub(super) const fn takes_microvolts(&self) -> bool {
        self.input.kind.has_microvolts()
    }
}

impl Harness {
    /// Closes the stage.
    ///
    /// # Errors
    /// What the stage could not write.
    pub fn close(&mut self) -> Result<(), StageError> {
        self.stage.close()
    }
}
