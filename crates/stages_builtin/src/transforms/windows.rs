//! Stretches of the signal that each give one value or more per channel: what `impedance` and `quality` share.
//!
//! Window k holds the input's samples `k hop` to `k hop + window - 1` by their index, so packets of any size, and losses, give the same. A
//! window that samples are missing from gives nothing. Output k bears the time of its last sample; what it describes lies
//! `(window - 1) / 2` samples earlier, which is the declared delay.

use super::channels::sensor::DerivedSensor;
use plugin_api::{
    ConfigError, Flags, FreshPacket, Lockable, PacketHeader, PacketKind, RtPacket, SensorMeta,
    StageCtx, StageError, StageImpl, StageResult, StreamSpec, clock,
};
use std::fmt::Debug;
use std::sync::Arc;

/// What is measured in a window.
pub(super) trait Measure: Debug + Send + 'static {
    /// The channels that come out, of those that come in. Called at the beginning, and when the sensor changes.
    fn derive(&mut self, from: &SensorMeta) -> SensorMeta;

    /// A window begins in one of the places for windows under way.
    fn begin(&mut self, place: usize);

    /// The frame at `position` of a window.
    fn add(&mut self, place: usize, position: usize, frame: &[f32]);

    /// The window is complete: appends its values.
    fn finish(&mut self, place: usize, end: Moment, ctx: &StageCtx, out: &mut Vec<f32>);

    /// Forgets everything that outlasts a window.
    fn reset(&mut self) {}
}

/// Index and time of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    pub(super) sample: u64,
    pub(super) time_ns: i64,
    pub(super) rate_hz: f64,
}

/// The windows of a stage.
#[derive(Debug)]
pub(super) struct Windows<M> {
    measure: M,
    sensor: DerivedSensor,
    window: u64,
    hop: u64,
    channels: usize,
    rate_hz: f64,
    /// Index of the next sample.
    next: u64,
    /// The first window since the last break.
    first: u64,
    /// The next packet out follows a gap.
    gap: bool,
    /// For each flag that a window keeps, the index after the last sample that bore it.
    flagged_until: [u64; 2],
}

/// Flags of any sample that are flags of what is made of it.
const KEPT: [Flags; 2] = [Flags::SETTLING, Flags::RAILED];

/// A window this long, `overlap` of which are under way at a time.
///
/// # Errors
/// When it is shorter than two samples per place, or longer than a minute.
pub(super) fn window_samples(
    window_s: f64,
    overlap: u64,
    rate_hz: f64,
) -> Result<u64, ConfigError> {
    ConfigError::require(
        window_s > 0.0 && window_s <= 60.0,
        "window_s",
        "a time above 0 and at most 60 s",
        window_s,
    )?;
    let hop = (window_s * rate_hz / overlap as f64).round() as u64;
    if hop >= 2 {
        return Ok(hop * overlap);
    }
    let message = format!(
        "`window_s` of {window_s} s is too short at {rate_hz} samples/s: at least {} s",
        2.0 * overlap as f64 / rate_hz
    );
    Err(ConfigError::ParamForInput { param: "window_s".to_owned(), message })
}

impl<M: Measure> Windows<M> {
    /// Windows of `window` samples, a multiple of `overlap`; and what comes out of them.
    pub(super) fn new(
        mut measure: M,
        window: u64,
        overlap: u64,
        input: &StreamSpec,
    ) -> (Self, StreamSpec) {
        let sensor = DerivedSensor::new(&input.sensor, |from| measure.derive(from));
        let hop = window / overlap;
        let rate_hz = input.rate_hz / hop as f64;
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            rate_hz,
            sensor: Arc::clone(sensor.output()),
            max_frames: input.max_frames / hop as usize + 1,
            total_frames: input.total_frames.map(|n| (n + hop).saturating_sub(window) / hop),
            ..input.clone()
        };
        let stage = Self {
            measure,
            sensor,
            window,
            hop,
            channels: input.channels(),
            rate_hz,
            next: 0,
            first: 0,
            gap: false,
            flagged_until: [0; 2],
        };
        (stage, output)
    }

    /// By how much the middle of a window lies before its end.
    pub(super) const fn delay_samples(&self) -> f64 {
        (self.window - 1) as f64 / 2.0
    }

    /// Begins anew with the first window that begins at sample `index` or after it.
    fn restart(&mut self, index: u64) {
        self.next = index;
        self.first = index.div_ceil(self.hop);
        self.flagged_until = [0; 2];
    }

    /// Takes one frame; the window that it completes.
    fn push(&mut self, frame: &[f32]) -> Option<u64> {
        let at = self.next;
        self.next += 1;
        let places = self.window / self.hop;
        let newest = at / self.hop;
        let oldest = (newest + 1).saturating_sub(places).max(self.first);
        for window in oldest..=newest {
            let (place, position) = ((window % places) as usize, at - window * self.hop);
            if position == 0 {
                self.measure.begin(place);
            }
            self.measure.add(place, position as usize, frame);
        }
        (oldest <= newest && at + 1 == oldest * self.hop + self.window).then_some(oldest)
    }

    fn flags(&mut self, window: u64) -> Flags {
        let begins = window * self.hop;
        let kept = KEPT.into_iter().zip(self.flagged_until).filter(|(_, until)| begins < *until);
        let flags = kept.fold(Flags::NONE, |flags, (flag, _)| flags | flag);
        if std::mem::take(&mut self.gap) { flags | Flags::GAP } else { flags }
    }
}

impl<M> Lockable for Windows<M> {}

impl<M: Measure> StageImpl for Windows<M> {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let header = packet.header();
        let measure = &mut self.measure;
        let sensor = self.sensor.of(&header.sensor, |from| measure.derive(from))?;
        let broken = ctx.lost_before() > 0 || header.flags.contains(Flags::GAP);
        if broken || header.first_sample != self.next {
            self.gap |= self.next > 0;
            self.restart(header.first_sample);
        }
        for (flag, until) in KEPT.into_iter().zip(&mut self.flagged_until) {
            if header.flags.contains(flag) {
                *until = header.first_sample + u64::from(header.frames);
            }
        }
        let mut out: Option<FreshPacket> = None;
        for frame in packet.microvolts().chunks_exact(self.channels.max(1)) {
            let Some(window) = self.push(frame) else { continue };
            let flags = self.flags(window);
            let sample = self.next - 1;
            let from_first_ns = clock::span_ns(sample - header.first_sample, header.rate_hz);
            let end =
                Moment { sample, time_ns: header.time_ns + from_first_ns, rate_hz: header.rate_hz };
            let out = out.get_or_insert_with(|| {
                let first = PacketHeader {
                    sensor: Arc::clone(&sensor),
                    first_sample: window,
                    time_ns: end.time_ns,
                    rate_hz: self.rate_hz,
                    flags: Flags::NONE,
                    ..header.clone()
                };
                ctx.fresh(first, PacketKind::Voltage)
            });
            out.header_mut().flags |= flags;
            let place = (window % (self.window / self.hop)) as usize;
            self.measure.finish(place, end, ctx, out.microvolts_mut());
        }
        packet.recycle();
        Ok(out.map(FreshPacket::share))
    }

    fn reset(&mut self) {
        self.gap = false;
        self.measure.reset();
        self.restart(0);
    }
}
