//! Joins several streams into one with all their channels, sample by sample, where their times agree.
//!
//! Frames are compared by the time in the header. Where two inputs are further apart than the tolerance, the older
//! frames have no partner: they are dropped and counted. An input that falls silent holds the others back for at
//! most [`HOLD_S`] seconds of data.

use plugin_api::{
    Built, ChannelMeta, ConfigError, Flags, FreshPacket, Inputs, Lockable, PacketHeader,
    PacketKind, Role, RtPacket, SensorMeta, StageCtx, StageDesc, StageImpl, StageInitCtx,
    StageResult, StreamSpec, clock,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// How much data is held for an input that has fallen silent.
const HOLD_S: f64 = 2.0;

/// Joins inputs whose times agree into one stream with the channels of all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlignAndZipDesc {
    /// By how many samples the times of two inputs may differ and still be taken for one.
    #[serde(default = "one")]
    pub tolerance_samples: f64,
}

const fn one() -> f64 {
    1.0
}

impl StageDesc for AlignAndZipDesc {
    const KIND: &'static str = "align_and_zip";
    const ROLE: Role = Role::Transform;
    const INPUTS: (usize, usize) = (2, 64);

    fn example() -> Self {
        Self { tolerance_samples: one() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let tolerance = self.tolerance_samples;
        ConfigError::require(
            tolerance >= 0.0 && tolerance.is_finite(),
            "tolerance_samples",
            "0 or more",
            tolerance,
        )?;
        let (first_id, first) =
            inputs.all().next().ok_or_else(|| ConfigError::Input("has no inputs".to_owned()))?;
        for (id, spec) in inputs.all() {
            if spec.kind != first.kind {
                let message =
                    format!("`{first_id}` gives {}, but `{id}` gives {}", first.kind, spec.kind);
                return Err(ConfigError::Input(format!(
                    "{message}: bring them to one kind with `to_voltage`"
                ))
                .into());
            }
            if spec.rate_hz != first.rate_hz {
                let message = format!(
                    "`{first_id}` has {} samples/s, `{id}` {}",
                    first.rate_hz, spec.rate_hz
                );
                return Err(ConfigError::Input(format!(
                    "{message}: bring them to one rate with `downsample`"
                ))
                .into());
            }
        }
        let sensor = Arc::new(joined(inputs));
        let max_frames = 2 * inputs.all().map(|(_, spec)| spec.max_frames).max().unwrap_or(1);
        let output = StreamSpec {
            sensor: Arc::clone(&sensor),
            max_frames,
            delay_s: inputs.all().map(|(_, spec)| spec.delay_s).fold(0.0, f64::max),
            total_frames: None,
            live: inputs.all().any(|(_, spec)| spec.live),
            ..first.clone()
        };
        let ports = inputs.all().map(|(_, spec)| Port::new(spec)).collect();
        let stage = AlignAndZip {
            ports,
            kind: first.kind,
            rate_hz: first.rate_hz,
            tolerance_ns: (tolerance * 1e9 / first.rate_hz) as i64,
            max_frames,
            sensor,
            origin_ns: None,
            next_out: 0,
        };
        Ok(Built::transform(stage, first, output.clone(), 0.0).with_delay_s(output.delay_s))
    }
}

/// All channels, in the order of the inputs; a label that occurs twice gets its input's name before it.
fn joined(inputs: &Inputs<'_>) -> SensorMeta {
    let all: Vec<(&str, &ChannelMeta)> = inputs
        .all()
        .flat_map(|(id, spec)| spec.sensor.channels.iter().map(move |c| (id, c)))
        .collect();
    let unique = |label: &str| all.iter().filter(|(_, c)| c.label == label).count() == 1;
    let channels = all.iter().map(|(id, channel)| {
        let label = if unique(&channel.label) {
            channel.label.clone()
        } else {
            format!("{id}.{}", channel.label)
        };
        ChannelMeta { label, ..(*channel).clone() }
    });
    let names: Vec<&str> = inputs.all().map(|(_, spec)| spec.sensor.name.as_str()).collect();
    SensorMeta { name: names.join(" + "), channels: channels.collect(), ..SensorMeta::default() }
}

/// One input: what has come and is not yet used.
struct Port {
    packets: VecDeque<Arc<RtPacket>>,
    /// Frames of the first packet that are used up.
    used: usize,
    /// Frames that wait.
    waiting: usize,
    channels: usize,
    most_waiting: usize,
}

impl Port {
    fn new(spec: &StreamSpec) -> Self {
        let most_waiting = (HOLD_S * spec.rate_hz).ceil() as usize + spec.max_frames;
        // Room for the smallest packets a source makes by itself, so that holding does not allocate.
        let room = (most_waiting / spec.max_frames.max(1)) + 2;
        Self {
            packets: VecDeque::with_capacity(room),
            used: 0,
            waiting: 0,
            channels: spec.channels(),
            most_waiting,
        }
    }

    fn time_ns(&self, rate_hz: f64) -> Option<i64> {
        self.packets.front().map(|p| p.header().time_ns + clock::span_ns(self.used as u64, rate_hz))
    }

    fn in_first(&self) -> usize {
        self.packets.front().map_or(0, |p| p.frames() - self.used)
    }

    fn use_up(&mut self, mut frames: usize) {
        self.waiting -= frames;
        while frames > 0 {
            let step = frames.min(self.in_first());
            self.used += step;
            frames -= step;
            if self.in_first() == 0
                && let Some(done) = self.packets.pop_front()
            {
                done.recycle();
                self.used = 0;
            }
        }
    }
}

struct AlignAndZip {
    ports: Vec<Port>,
    kind: PacketKind,
    rate_hz: f64,
    tolerance_ns: i64,
    max_frames: usize,
    sensor: Arc<SensorMeta>,
    /// Time of sample 0 of the output: the first moment all inputs had.
    origin_ns: Option<i64>,
    next_out: u64,
}

impl Lockable for AlignAndZip {}

impl AlignAndZip {
    /// Drops what has no partner. True when every input has frames and their times agree.
    fn align(&mut self, ctx: &mut StageCtx) -> bool {
        loop {
            let mut newest = i64::MIN;
            for port in &self.ports {
                let Some(time_ns) = port.time_ns(self.rate_hz) else { return false };
                newest = newest.max(time_ns);
            }
            let frame_ns = 1e9 / self.rate_hz;
            let mut agree = true;
            for port in &mut self.ports {
                let behind_ns = newest - port.time_ns(self.rate_hz).unwrap_or(newest);
                if behind_ns > self.tolerance_ns {
                    let frames = (behind_ns as f64 / frame_ns).round().max(1.0) as usize;
                    let frames = frames.min(port.in_first());
                    port.use_up(frames);
                    ctx.report_dropped(frames as u64);
                    agree = false;
                }
            }
            if agree {
                return true;
            }
        }
    }

    /// The index of the output sample at a time; it jumps where frames were lost.
    fn index_at(&mut self, time_ns: i64) -> u64 {
        let origin_ns = *self.origin_ns.get_or_insert(time_ns);
        let index = ((time_ns - origin_ns) as f64 * self.rate_hz / 1e9).round().max(0.0) as u64;
        // Two clocks that differ by less than the tolerance must not tear the stream.
        if index.abs_diff(self.next_out) <= 1 { self.next_out } else { index.max(self.next_out) }
    }

    fn zip(&mut self, ctx: &mut StageCtx) -> Option<Arc<RtPacket>> {
        let mut out: Option<FreshPacket> = None;
        let mut made = 0;
        while made < self.max_frames && self.align(ctx) {
            let time_ns = self.ports[0].time_ns(self.rate_hz)?;
            let index = self.index_at(time_ns);
            if index != self.next_out && out.is_some() {
                break;
            }
            let frames = self.ports.iter().map(Port::in_first).min()?.min(self.max_frames - made);
            let packet = out.get_or_insert_with(|| {
                let first = self.ports[0].packets[0].header();
                let header = PacketHeader {
                    sensor: Arc::clone(&self.sensor),
                    first_sample: index,
                    time_ns,
                    flags: ctx.take_flags(),
                    frames: 0,
                    ..first.clone()
                };
                ctx.fresh(header, self.kind)
            });
            for port in &self.ports {
                packet.header_mut().flags |= Flags::only_quality(port.packets[0].header().flags);
            }
            copy_frames(&self.ports, frames, self.kind, packet);
            self.ports.iter_mut().for_each(|port| port.use_up(frames));
            made += frames;
            self.next_out = index + frames as u64;
        }
        let gap = out.as_mut()?;
        if gap.header_mut().first_sample + made as u64 != self.next_out {
            gap.header_mut().flags |= Flags::GAP;
        }
        out.map(FreshPacket::share)
    }
}

fn copy_frames(ports: &[Port], frames: usize, kind: PacketKind, out: &mut FreshPacket) {
    for frame in 0..frames {
        for port in ports {
            let at = (port.used + frame) * port.channels;
            let packet = &port.packets[0];
            if kind.has_codes() {
                out.codes_mut().extend_from_slice(&packet.codes()[at..at + port.channels]);
            }
            if kind.has_microvolts() {
                out.microvolts_mut()
                    .extend_from_slice(&packet.microvolts()[at..at + port.channels]);
            }
        }
    }
}

impl StageImpl for AlignAndZip {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let port = &mut self.ports[ctx.port()];
        if packet.frames() == 0 {
            packet.recycle();
            return Ok(None);
        }
        port.waiting += packet.frames();
        port.packets.push_back(packet);
        let excess = port.waiting.saturating_sub(port.most_waiting);
        if excess > 0 {
            port.use_up(excess);
            ctx.report_dropped(excess as u64);
        }
        Ok(self.zip(ctx))
    }

    fn end(&mut self, ctx: &mut StageCtx) -> StageResult {
        let last = self.zip(ctx);
        for port in &mut self.ports {
            let waiting = port.waiting;
            port.use_up(waiting);
            ctx.report_dropped(waiting as u64);
        }
        Ok(last)
    }

    fn reset(&mut self) {
        for port in &mut self.ports {
            let waiting = port.waiting;
            port.use_up(waiting);
        }
        self.origin_ns = None;
        self.next_out = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::microvolt_spec;

    /// Two inputs of one channel at 1000 samples/s; the second begins `late_ns` later.
    struct Rig {
        stage: Box<dyn StageImpl>,
        ctx: StageCtx,
        source: StageCtx,
        spec: StreamSpec,
    }

    impl Rig {
        fn new() -> Self {
            let spec = microvolt_spec(1, 1000.0);
            let streams = [("a", spec.clone()), ("b", spec.clone())];
            let ctx = StageInitCtx::in_folder(".");
            let built = AlignAndZipDesc::example().build(&Inputs::new(&streams), &ctx).unwrap();
            let labels: Vec<String> =
                built.output().unwrap().sensor.channels.iter().map(|c| c.label.clone()).collect();
            assert_eq!(labels, ["a.ch1", "b.ch1"]);
            let stage = built.into_stage().unwrap();
            Self { stage, ctx: StageCtx::for_test(100), source: StageCtx::for_test(100), spec }
        }

        /// Feeds samples `first..first + frames`, each bearing its own index, at `ms` on the input's clock.
        fn feed(
            &mut self,
            port: usize,
            first: u64,
            frames: u64,
            ms: f64,
        ) -> Option<(u64, Vec<f32>)> {
            let header = PacketHeader {
                sensor: Arc::clone(&self.spec.sensor),
                first_sample: first,
                time_ns: (ms * 1e6) as i64,
                captured_ns: 0,
                rate_hz: 1000.0,
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = self.source.fresh(header, PacketKind::Voltage);
            packet.microvolts_mut().extend((first..first + frames).map(|n| n as f32));
            self.ctx.prepare(port, 0);
            let out = self.stage.process(packet.share(), &mut self.ctx).unwrap()?;
            Some((out.header().first_sample, out.microvolts().to_vec()))
        }
    }

    #[test]
    fn packets_of_different_lengths_meet_by_time() {
        let mut rig = Rig::new();
        assert_eq!(rig.feed(0, 0, 3, 0.0), None);
        assert_eq!(rig.feed(0, 3, 3, 3.0), None);
        // The other begins 0.4 ms late: within the tolerance of one sample.
        assert_eq!(rig.feed(1, 0, 5, 0.4), Some((0, vec![0., 0., 1., 1., 2., 2., 3., 3., 4., 4.])));
        assert_eq!(rig.feed(1, 5, 5, 5.4), Some((5, vec![5., 5.])));
        assert_eq!(rig.ctx.take_dropped(), 0);
    }

    #[test]
    fn what_has_no_partner_is_dropped_and_counted_and_the_index_jumps() {
        let mut rig = Rig::new();
        rig.feed(0, 0, 10, 0.0);
        // The second input begins 4 ms later: the first four frames of the first have no partner.
        assert_eq!(rig.feed(1, 0, 4, 4.0), Some((0, vec![4., 0., 5., 1., 6., 2., 7., 3.])));
        assert_eq!(rig.ctx.take_dropped(), 4);
        // It loses 20 frames.
        assert_eq!(rig.feed(1, 24, 2, 28.0), None);
        assert_eq!(rig.ctx.take_dropped(), 2);
        assert_eq!(rig.feed(0, 28, 2, 28.0), Some((24, vec![28., 24., 29., 25.])));
    }

    #[test]
    fn an_input_that_falls_silent_does_not_fill_the_memory() {
        let mut rig = Rig::new();
        let mut held = 0;
        for n in 0..1000 {
            assert_eq!(rig.feed(0, n * 10, 10, n as f64 * 10.0), None);
            held += 10;
            held -= rig.ctx.take_dropped();
        }
        assert!(held <= 2000 + 4096, "{held}");
    }
}
