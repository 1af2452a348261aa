//! What every stage with a memory does when its input is no longer what came before: starts anew, and says so until it has settled.
//!
//! | break | who starts anew |
//! |---|---|
//! | samples lost, or a recording begins over | all channels, with the first sample that arrives |
//! | another gain or scale of the sensor | the channels whose it is |
//! | a channel left the ADC's rail | that channel, three samples later: so long the ADC's sinc3 filter mixes the rail in |
//! | a rail, where no range of an ADC is known | all channels, with the first packet that is not flagged |
//!
//! What is made is flagged [`Flags::SETTLING`] until a transient has decayed to 1 %. Packets are searched for rails only when they bear
//! [`Flags::RAILED`], so a signal that is in range costs nothing.

use plugin_api::{
    ChannelMeta, Flags, RtPacket, SensorMeta, StageCtx, StageError, StageResult, StreamSpec,
};
use std::ops::Range;
use std::sync::Arc;

/// What a stage remembers of the signal.
pub(super) trait Memory {
    /// The next frame is the first.
    fn restart(&mut self);

    /// The next frame is the first of this channel.
    fn restart_channel(&mut self, channel: usize);
}

/// Conversions of a sinc3 filter that hold samples from before a step (ADS1299 data sheet SBAS499C, section 9.3.2.2).
const RECOVERY_FRAMES: u8 = 3;

/// From this part of the ADC's range on a sample counts as railed.
const RAIL: f64 = 0.99;

/// Codes of the ADC to one side.
const FULL_SCALE: f64 = (1 << 23) as f64;

/// The sensor that the last packet came from, the rails that channels are at, the frames that are left to settle.
#[derive(Debug)]
pub(super) struct Continuity {
    sensor: Arc<SensorMeta>,
    /// The range of values between the rails, per channel; none when the sensor does not tell it.
    ranges: Vec<Range<f32>>,
    /// Frames until each channel starts anew; 0 when it was not at a rail.
    recovering: Vec<u8>,
    /// The last packet was flagged as railed.
    railed: bool,
    settling: u64,
    left: u64,
}

impl Continuity {
    /// For a stage that has just started and needs `settling_frames` to settle.
    pub(super) fn new(input: &StreamSpec, settling_frames: u64) -> Self {
        let mut ranges = Vec::with_capacity(input.channels());
        find_ranges(&input.sensor, &mut ranges);
        Self {
            sensor: Arc::clone(&input.sensor),
            ranges,
            recovering: vec![0; input.channels()],
            railed: false,
            settling: settling_frames,
            left: settling_frames,
        }
    }

    /// Whether all channels start anew with this packet; `elsewhere` when the stage knows better where the samples belong. Channels
    /// with another scale start anew by themselves. Raises the flag of what is made of the packet.
    ///
    /// # Errors
    /// When the number of channels is not the one the stage was built for.
    pub(super) fn breaks(
        &mut self,
        packet: &RtPacket,
        ctx: &mut StageCtx,
        memory: &mut impl Memory,
        elsewhere: bool,
    ) -> Result<bool, StageError> {
        let header = packet.header();
        if !Arc::ptr_eq(&header.sensor, &self.sensor) {
            self.change_sensor(&header.sensor, memory)?;
        }
        let railed = header.flags.contains(Flags::RAILED);
        let off_the_rail = self.railed && !railed && self.ranges.is_empty();
        self.railed = railed;
        let lost = ctx.lost_before() > 0 || header.flags.contains(Flags::GAP);
        let anew = elsewhere || lost || off_the_rail;
        if anew {
            self.restart();
        } else if railed {
            self.left = self.settling;
        }
        if self.left > 0 {
            ctx.raise(Flags::SETTLING);
            self.left = self.left.saturating_sub(packet.frames() as u64);
        }
        Ok(anew)
    }

    /// Whether nothing is special: the packet goes on from the one before, everything has settled, no channel is at a rail.
    pub(super) fn is_calm(&self, packet: &RtPacket) -> bool {
        let header = packet.header();
        Arc::ptr_eq(&header.sensor, &self.sensor)
            && header.flags == Flags::NONE
            && self.left == 0
            && !self.railed
            && self.recovering.iter().all(|left| *left == 0)
    }

    /// A packet through a stage that changes samples in place.
    ///
    /// # Errors
    /// As [`breaks`](Self::breaks), and for packets without microvolts.
    pub(super) fn map<M: Memory>(
        &mut self,
        packet: Arc<RtPacket>,
        ctx: &mut StageCtx,
        memory: &mut M,
        work: impl FnMut(&mut M, &mut [f32]),
    ) -> StageResult {
        if self.breaks(&packet, ctx, memory, false)? {
            memory.restart();
        }
        packet.map_samples(ctx, |microvolts| self.each_stretch(memory, microvolts, work))
    }

    /// Lets `work` go over samples in one stretch, or in several, between which channels that have left a rail start anew.
    pub(super) fn each_stretch<M: Memory>(
        &mut self,
        memory: &mut M,
        frames: &mut [f32],
        mut work: impl FnMut(&mut M, &mut [f32]),
    ) {
        let mut rest = frames;
        while self.watches_rails() && !rest.is_empty() {
            self.restart_recovered(rest, memory);
            let (now, later) = rest.split_at_mut(self.stretch(rest));
            work(memory, now);
            rest = later;
        }
        if !rest.is_empty() {
            work(memory, rest);
        }
    }

    /// As [`each_stretch`](Self::each_stretch), over samples that are only read.
    pub(super) fn each_stretch_of<M: Memory>(
        &mut self,
        memory: &mut M,
        frames: &[f32],
        mut work: impl FnMut(&mut M, &[f32]),
    ) {
        let mut rest = frames;
        while self.watches_rails() && !rest.is_empty() {
            self.restart_recovered(rest, memory);
            let (now, later) = rest.split_at(self.stretch(rest));
            work(memory, now);
            rest = later;
        }
        if !rest.is_empty() {
            work(memory, rest);
        }
    }

    /// The stage has started anew.
    pub(super) fn restart(&mut self) {
        self.left = self.settling;
        self.recovering.fill(0);
    }

    /// Goes on where the stage that is replaced stopped. With `settled` it is as settled as that one was: nothing
    /// that makes a transient has changed.
    pub(super) fn inherit(&mut self, previous: &Self, settled: bool) {
        if previous.recovering.len() != self.recovering.len() {
            return;
        }
        self.sensor = Arc::clone(&previous.sensor);
        self.ranges.clone_from(&previous.ranges);
        self.recovering.copy_from_slice(&previous.recovering);
        self.railed = previous.railed;
        if settled {
            self.left = previous.left;
        }
    }

    #[cold]
    fn change_sensor(
        &mut self,
        sensor: &Arc<SensorMeta>,
        memory: &mut impl Memory,
    ) -> Result<(), StageError> {
        if sensor.channels.len() != self.recovering.len() {
            return Err(StageError::Data(
                "the number of channels changed: start the pipeline anew",
            ));
        }
        let pairs = self.sensor.channels.iter().zip(&sensor.channels).enumerate();
        for (channel, (old, new)) in pairs {
            if is_rescaled(old, new) {
                memory.restart_channel(channel);
                self.recovering[channel] = 0;
                self.left = self.settling;
            }
        }
        find_ranges(sensor, &mut self.ranges);
        self.sensor = Arc::clone(sensor);
        Ok(())
    }

    fn watches_rails(&self) -> bool {
        !self.ranges.is_empty() && (self.railed || self.recovering.iter().any(|left| *left > 0))
    }

    /// Channels that come back to range for good with the first of these frames start anew.
    fn restart_recovered(&mut self, frames: &[f32], memory: &mut impl Memory) {
        for (channel, x) in frames.iter().take(self.ranges.len()).enumerate() {
            if self.recovers(channel, *x) {
                memory.restart_channel(channel);
            }
        }
    }

    fn recovers(&self, channel: usize, x: f32) -> bool {
        self.recovering[channel] == 1 && self.ranges[channel].contains(&x)
    }

    /// Takes note of who is at a rail; samples up to the next frame, but for the first, with which a channel starts anew.
    fn stretch(&mut self, frames: &[f32]) -> usize {
        let channels = self.ranges.len();
        for (count, frame) in frames.chunks_exact(channels).enumerate() {
            let mut samples = frame.iter().enumerate();
            if count > 0 && samples.any(|(channel, x)| self.recovers(channel, *x)) {
                return count * channels;
            }
            let states = self.recovering.iter_mut().zip(&self.ranges);
            for ((left, range), x) in states.zip(frame) {
                *left =
                    if range.contains(x) { left.saturating_sub(1) } else { RECOVERY_FRAMES + 1 };
            }
        }
        frames.len()
    }
}

/// Whether a channel's values are on another scale than before; another label is none.
pub(super) fn is_rescaled(old: &ChannelMeta, new: &ChannelMeta) -> bool {
    let scale = |c: &ChannelMeta| (c.gain, c.unit_per_code, c.unit_offset);
    scale(old) != scale(new)
}

fn find_ranges(sensor: &SensorMeta, ranges: &mut Vec<Range<f32>>) {
    ranges.clear();
    if sensor.vref_uv.is_some() {
        ranges.extend(sensor.channels.iter().map(|channel| {
            let reach = RAIL * FULL_SCALE * channel.unit_per_code.abs();
            (channel.unit_offset - reach) as f32..(channel.unit_offset + reach) as f32
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::PacketHeader;
    use plugin_api::testing::raw_spec;

    /// Where all or single channels started anew, by the frames worked on before.
    #[derive(Debug, Default, PartialEq)]
    struct Log {
        frames: usize,
        all: Vec<usize>,
        channels: Vec<(usize, usize)>,
    }

    impl Memory for Log {
        fn restart(&mut self) {
            self.all.push(self.frames);
        }

        fn restart_channel(&mut self, channel: usize) {
            self.channels.push((self.frames, channel));
        }
    }

    /// Two channels at gain 24: 187.5 mV to each side.
    fn input(vref_uv: Option<f64>) -> StreamSpec {
        let mut input = raw_spec(2, 250.0);
        let sensor = SensorMeta { vref_uv, ..SensorMeta::clone(&input.sensor) };
        input.sensor = Arc::new(sensor);
        StreamSpec { kind: plugin_api::PacketKind::Voltage, ..input }
    }

    struct Bench {
        source: StageCtx,
        ctx: StageCtx,
        input: StreamSpec,
        continuity: Continuity,
        log: Log,
    }

    impl Bench {
        fn new(vref_uv: Option<f64>) -> Self {
            let input = input(vref_uv);
            let continuity = Continuity::new(&input, 6);
            let ctx = || StageCtx::for_test(1000);
            Self { source: ctx(), ctx: ctx(), input, continuity, log: Log::default() }
        }

        /// The flags of what comes out.
        fn feed(&mut self, samples: &[f32], flags: Flags) -> Flags {
            let header = PacketHeader {
                sensor: Arc::clone(&self.input.sensor),
                first_sample: 0,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: 250.0,
                frames: 0,
                flags,
            };
            let mut packet = self.source.fresh(header, self.input.kind);
            packet.microvolts_mut().extend_from_slice(samples);
            self.ctx.prepare(0, 0);
            let work = |log: &mut Log, frames: &mut [f32]| log.frames += frames.len() / 2;
            let packet = packet.share();
            let out = self.continuity.map(packet, &mut self.ctx, &mut self.log, work);
            out.unwrap().unwrap().header().flags
        }
    }

    const RAILED: f32 = 187_499.0;

    #[test]
    fn a_channel_off_its_rail_starts_anew_alone_and_at_one_sample_whatever_the_packets() {
        let mut signal = [0.0_f32; 40];
        // Channel 1 railed in frames 4 and 5, channel 0 in frame 7.
        (signal[9], signal[11], signal[14]) = (RAILED, -RAILED, RAILED);
        for packet in [1, 2, 3, 7, 20] {
            let mut bench = Bench::new(Some(4.5e6));
            for samples in signal.chunks(2 * packet) {
                let railed = samples.iter().any(|x| x.abs() == RAILED);
                let flags = bench.feed(samples, if railed { Flags::RAILED } else { Flags::NONE });
                assert!(!railed || flags.contains(Flags::RAILED | Flags::SETTLING));
            }
            assert_eq!(bench.log.channels, [(9, 1), (11, 0)], "packets of {packet}");
            assert_eq!((bench.log.frames, &bench.log.all[..]), (20, &[][..]));
        }
    }

    #[test]
    fn without_a_known_range_all_start_anew_when_the_flag_goes() {
        let mut bench = Bench::new(None);
        for flags in [Flags::NONE, Flags::RAILED, Flags::RAILED, Flags::NONE, Flags::NONE] {
            let _ = bench.feed(&[RAILED; 4], flags);
        }
        assert_eq!((&bench.log.all[..], &bench.log.channels[..]), (&[6][..], &[][..]));
    }

    #[test]
    fn settling_is_flagged_after_every_break_and_no_longer() {
        let mut bench = Bench::new(Some(4.5e6));
        let mut settling = |flags, frames: usize| {
            bench.feed(&vec![0.0; 2 * frames], flags).contains(Flags::SETTLING)
        };
        assert!(settling(Flags::NONE, 5) && settling(Flags::NONE, 1) && !settling(Flags::NONE, 1));
        assert!(settling(Flags::GAP, 6) && !settling(Flags::NONE, 1));
        assert!(
            settling(Flags::RAILED, 1) && settling(Flags::NONE, 5) && !settling(Flags::NONE, 1)
        );
        assert_eq!(bench.log.all, [7]);
    }

    #[test]
    fn another_gain_starts_its_channel_anew_and_another_label_none() {
        let mut bench = Bench::new(Some(4.5e6));
        let _ = bench.feed(&[0.0; 14], Flags::NONE);
        let mut sensor = SensorMeta::clone(&bench.input.sensor);
        sensor.channels[0].label = "Oz".to_owned();
        bench.input.sensor = Arc::new(sensor.clone());
        assert!(!bench.feed(&[0.0; 2], Flags::NONE).contains(Flags::SETTLING));
        sensor.channels[1].gain = 12.0;
        sensor.channels[1].unit_per_code *= 2.0;
        bench.input.sensor = Arc::new(sensor.clone());
        assert!(bench.feed(&[0.0; 2], Flags::NONE).contains(Flags::SETTLING));
        assert_eq!(bench.log.channels, [(8, 1)]);
        sensor.channels.pop();
        let found = bench.continuity.change_sensor(&Arc::new(sensor), &mut Log::default());
        assert!(matches!(found, Err(StageError::Data(_))));
    }
}
