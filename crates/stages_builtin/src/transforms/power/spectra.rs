//! What `psd` and `band_power` share: windows that follow each other by a hop, their density, averages, and packets at the hop's rate.
//!
//! Output k describes the windows that begin at input samples `k hop`, `(k + 1) hop` ... up to `average` of them, each rounded to the
//! nearest sample, so that the rate is exactly `1 / hop_s`. Indices hang on the input's, so packets of any size, and
//! losses, give the same. An output bears the time of the last sample it is made of:
//! when it was known, not what it describes, which lies earlier by the declared delay.

use super::super::channels::sensor::DerivedSensor;
use super::timing::Timing;
use crate::dsp::Welch;
use plugin_api::{
    ChannelMeta, ConfigError, Flags, FreshPacket, Lockable, PacketHeader, PacketKind, RtPacket,
    SensorMeta, StageCtx, StageError, StageImpl, StageResult, StreamSpec, clock,
};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

/// Values a packet can have per frame: what live clients can be told.
const MOST_VALUES: usize = 65_535;

/// Density below which there is nothing: -200 dB.
const NOTHING: f64 = 1e-20;

/// What of the density goes out.
#[derive(Debug)]
pub(super) enum Values {
    /// Each of these bins.
    Density(Range<usize>),
    /// Each of these bins, in decibels.
    Decibels(Range<usize>),
    /// The power in each of these bands, or its part of the power in `total`.
    Power { bands: Box<[Range<usize>]>, total: Option<Range<usize>> },
}

impl Values {
    pub(super) fn per_channel(&self) -> usize {
        match self {
            Self::Density(bins) | Self::Decibels(bins) => bins.len(),
            Self::Power { bands, .. } => bands.len(),
        }
    }

    fn write(&self, density: &[f64], bin_hz: f64, out: &mut Vec<f32>) {
        match self {
            Self::Density(bins) => out.extend(density[bins.clone()].iter().map(|p| *p as f32)),
            Self::Decibels(bins) => {
                // NaN stays NaN.
                let decibels = |p: &f64| 10.0 * if *p < NOTHING { NOTHING } else { *p }.log10();
                out.extend(density[bins.clone()].iter().map(|p| decibels(p) as f32));
            }
            Self::Power { bands, total } => {
                let power = |bins: &Range<usize>| density[bins.clone()].iter().sum::<f64>();
                let scale = total.as_ref().map_or(bin_hz, |total| 1.0 / power(total));
                out.extend(bands.iter().map(|bins| (power(bins) * scale) as f32));
            }
        }
    }
}

/// Names and unit of what one channel becomes.
pub(super) struct Naming {
    /// What follows the channel's label, in the order of the values.
    pub(super) suffixes: Box<[String]>,
    /// The unit, of the channel's unit.
    pub(super) unit: fn(&str) -> String,
}

impl Naming {
    fn derive(&self, from: &SensorMeta) -> SensorMeta {
        let values = from.channels.iter().flat_map(|channel| {
            self.suffixes.iter().map(|suffix| ChannelMeta {
                unit: (self.unit)(&channel.unit),
                ..ChannelMeta::microvolts(format!("{}{suffix}", channel.label))
            })
        });
        SensorMeta { channels: values.collect(), ..from.clone() }
    }
}

/// Windows of all channels at work.
pub(super) struct Spectra {
    timing: Timing,
    values: Values,
    naming: Naming,
    sensor: DerivedSensor,
    rate_hz: f64,
    channels: usize,
    welch: Welch,
    /// The newest samples, `[channel][sample index mod window]`.
    history: Vec<f32>,
    /// The newest densities, `[window number mod average][channel][bin]`.
    densities: Vec<f64>,
    mean: Vec<f64>,
    /// Index of the next input sample.
    next: u64,
    /// Number of the next window to be complete.
    window: u64,
    /// Index after its last sample.
    due: u64,
    /// The first window since the last gap.
    first_window: u64,
    /// The next packet out follows a gap.
    gap: bool,
    /// For each flag that a window keeps, the index after the last sample that bore it.
    flagged_until: [u64; 2],
}

/// Flags of any sample that are flags of what is made of it.
const KEPT: [Flags; 2] = [Flags::SETTLING, Flags::RAILED];

impl Spectra {
    /// The stage and what comes out of it.
    ///
    /// # Errors
    /// When a frame would have more values than a packet can.
    pub(super) fn new(
        timing: Timing,
        values: Values,
        naming: Naming,
        input: &StreamSpec,
    ) -> Result<(Self, StreamSpec), ConfigError> {
        let count = input.channels() * values.per_channel();
        if count > MOST_VALUES {
            let message = format!(
                "{} channels of {} frequencies are {count} values, and {MOST_VALUES} is the most: \
                 lower `high_hz`, shorten `window_s` or `select` fewer channels",
                input.channels(),
                values.per_channel()
            );
            return Err(ConfigError::ParamForInput { param: "high_hz".to_owned(), message });
        }
        let welch = Welch::new(timing.window, timing.rate_hz);
        let sensor = DerivedSensor::new(&input.sensor, |from| naming.derive(from));
        let rate_hz = 1.0 / timing.hop_s;
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            rate_hz,
            sensor: Arc::clone(sensor.output()),
            max_frames: timing.most_outputs(input.max_frames),
            total_frames: input.total_frames.map(|frames| timing.outputs(frames)),
            ..input.clone()
        };
        let channels = input.channels();
        let stage = Self {
            history: vec![0.0; channels * timing.window],
            densities: vec![0.0; timing.average * channels * welch.bins()],
            mean: vec![0.0; welch.bins()],
            timing,
            values,
            naming,
            sensor,
            rate_hz,
            channels,
            welch,
            next: 0,
            window: 0,
            due: timing.window as u64,
            first_window: 0,
            gap: false,
            flagged_until: [0; 2],
        };
        Ok((stage, output))
    }

    /// By how much the middle of what an output is made of lies before its time.
    pub(super) fn delay_samples(&self) -> f64 {
        self.timing.delay_samples()
    }

    /// Begins anew at the first window that begins at sample `index` or after it.
    fn restart(&mut self, index: u64) {
        self.next = index;
        self.first_window = self.timing.first_from(index);
        self.flagged_until = [0; 2];
        self.await_window(self.first_window);
    }

    fn await_window(&mut self, window: u64) {
        self.window = window;
        self.due = self.timing.start(window) + self.timing.window as u64;
    }

    /// Takes one frame; the number of the output that it completes.
    fn push(&mut self, frame: &[f32]) -> Option<u64> {
        let Timing { window, average, .. } = self.timing;
        let slot = (self.next % window as u64) as usize;
        for (history, x) in self.history.chunks_exact_mut(window).zip(frame) {
            history[slot] = *x;
        }
        self.next += 1;
        if self.next != self.due {
            return None;
        }
        self.transform(slot + 1);
        self.await_window(self.window + 1);
        let output = self.window.checked_sub(average as u64)?;
        (output >= self.first_window).then_some(output)
    }

    /// The densities of the window whose oldest sample is at `oldest` (or at 0, when that is past the end).
    fn transform(&mut self, oldest: usize) {
        let Timing { window, average, .. } = self.timing;
        let bins = self.welch.bins();
        let place = (self.window % average as u64) as usize * self.channels * bins;
        let densities = self.densities[place..place + self.channels * bins].chunks_exact_mut(bins);
        for (history, density) in self.history.chunks_exact(window).zip(densities) {
            let (newer, older) = history.split_at(oldest);
            self.welch.density(older.iter().chain(newer).copied(), density);
        }
    }

    /// Appends output number `output`, whose windows are the newest.
    fn write(&mut self, output: u64, out: &mut Vec<f32>) {
        let average = self.timing.average as u64;
        let (channels, bins) = (self.channels, self.welch.bins());
        for channel in 0..channels {
            self.mean.fill(0.0);
            // In the order of time, so that the sum does not depend on where it lies.
            for window in output..output + average {
                let at = ((window % average) as usize * channels + channel) * bins;
                for (mean, p) in self.mean.iter_mut().zip(&self.densities[at..at + bins]) {
                    *mean += p;
                }
            }
            self.mean.iter_mut().for_each(|mean| *mean /= average as f64);
            self.values.write(&self.mean, self.timing.bin_hz(), out);
        }
    }

    fn flags(&mut self, output: u64) -> Flags {
        let first = self.timing.start(output);
        let kept = KEPT.into_iter().zip(self.flagged_until).filter(|(_, until)| first < *until);
        let flags = kept.fold(Flags::NONE, |flags, (flag, _)| flags | flag);
        if std::mem::take(&mut self.gap) { flags | Flags::GAP } else { flags }
    }
}

impl Lockable for Spectra {}

impl StageImpl for Spectra {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let header = packet.header();
        let rescaled = self.sensor.is_rescaled_by(&header.sensor);
        let sensor = self.sensor.of(&header.sensor, |from| self.naming.derive(from))?;
        let lost = ctx.lost_before() > 0 || header.flags.contains(Flags::GAP);
        if lost || header.first_sample != self.next {
            self.gap |= self.next > 0;
            self.restart(header.first_sample);
        }
        if rescaled {
            self.flagged_until[0] = header.first_sample;
        }
        for (flag, until) in KEPT.into_iter().zip(&mut self.flagged_until) {
            if header.flags.contains(flag) {
                *until = header.first_sample + u64::from(header.frames);
            }
        }
        let mut out: Option<FreshPacket> = None;
        for frame in packet.microvolts().chunks_exact(self.channels.max(1)) {
            let Some(output) = self.push(frame) else { continue };
            let flags = self.flags(output);
            let last = self.next - 1;
            let out = out.get_or_insert_with(|| {
                let from_first = clock::span_ns(last - header.first_sample, header.rate_hz);
                let first = PacketHeader {
                    sensor: Arc::clone(&sensor),
                    first_sample: output,
                    time_ns: header.time_ns + from_first,
                    rate_hz: self.rate_hz,
                    flags: Flags::NONE,
                    ..header.clone()
                };
                ctx.fresh(first, PacketKind::Voltage)
            });
            out.header_mut().flags |= flags;
            self.write(output, out.microvolts_mut());
        }
        packet.recycle();
        Ok(out.map(FreshPacket::share))
    }

    fn reset(&mut self) {
        self.gap = false;
        self.restart(0);
    }

    /// Other bands or frequencies of the same windows: nothing is lost. Other windows are another stream, which begins anew.
    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        if self.timing != previous.timing || self.channels != previous.channels {
            return;
        }
        std::mem::swap(&mut self.history, &mut previous.history);
        std::mem::swap(&mut self.densities, &mut previous.densities);
        (self.next, self.window, self.due) = (previous.next, previous.window, previous.due);
        (self.first_window, self.gap) = (previous.first_window, previous.gap);
        self.flagged_until = previous.flagged_until;
    }
}
