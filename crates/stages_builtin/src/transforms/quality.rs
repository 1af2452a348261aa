//! How good each channel's signal is: at a rail, flat, electrode off, hum.
//!
//! Each window gives four values per channel:
//!
//! | label | what |
//! |---|---|
//! | `Fp1.railed` | part of the samples within 5 % of the ADC's range from either end; none are where no range is known |
//! | `Fp1.flat` | 1 when the signal moves by less than `flat_uv` rms |
//! | `Fp1.off` | 1 when the electrode seems to be off: at a rail for most of the time, mains of `off_uv` rms or more, which only an open input picks up, or `off_kohm` or more, where a lead-off current shows it |
//! | `Fp1.mains` | mains as a part of the power of all that moves: 0 none, 1 nothing else |
//!
//! Moves means around a straight line through the window, both under a Hann window; mains is the power at `mains_hz` (transform
//! at one frequency; 0.2 Hz beside it 5 % are missing). A channel that comes to a rail and leaves it, goes flat, loses its electrode, is told as an
//! event as well, so that recordings and live clients know. A rail is left when a whole window is free of it.
//!
//! Where the board sends a lead-off current that changes its direction (`lead_off` at the `acquire`; a recording of it says so as well), its wave is
//! no part of what moves, as far as that is its fundamental, and no channel counts as flat.
//!
//! Put it before filters, which hide rails and mains.

use super::windows::{Measure, Moment, Windows, window_samples};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Event, EventKind, Inputs, LeadOff, LeadOffDrive, Role,
    SensorMeta, StageCtx, StageDesc, StageInitCtx, StreamSpec, clock,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_4, TAU};

/// How good each channel is: part of the time at a rail, flat, electrode off, part of mains in its power.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QualityDesc {
    /// Frequency of the mains in Hz: 50 or 60.
    #[serde(default = "default_mains_hz")]
    pub mains_hz: f64,
    /// Seconds of signal in a value, and from one to the next.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
    /// A channel that moves by less than this, in microvolts rms, is flat.
    #[serde(default = "default_flat_uv")]
    pub flat_uv: f64,
    /// A channel with this much mains, in microvolts rms, or more has lost its electrode.
    #[serde(default = "default_off_uv")]
    pub off_uv: f64,
    /// A channel whose electrode has this impedance in kilohms or more, by the board's lead-off current, has lost it.
    #[serde(default = "default_off_kohm")]
    pub off_kohm: f64,
}

const fn default_mains_hz() -> f64 {
    50.0
}

const fn default_window_s() -> f64 {
    1.0
}

const fn default_flat_uv() -> f64 {
    0.1
}

const fn default_off_uv() -> f64 {
    1000.0
}

const fn default_off_kohm() -> f64 {
    2000.0
}

impl StageDesc for QualityDesc {
    const KIND: &'static str = "quality";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self {
            mains_hz: default_mains_hz(),
            window_s: default_window_s(),
            flat_uv: default_flat_uv(),
            off_uv: default_off_uv(),
            off_kohm: default_off_kohm(),
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let positive = |name, value: f64| {
            ConfigError::require(value > 0.0 && value.is_finite(), name, "above 0", value)
        };
        ConfigError::all([
            positive("mains_hz", self.mains_hz),
            positive("flat_uv", self.flat_uv),
            positive("off_uv", self.off_uv),
            positive("off_kohm", self.off_kohm),
        ])?;
        let window = window_samples(self.window_s, 1, input.rate_hz)?;
        if self.mains_hz >= input.rate_hz / 2.0 {
            let message = format!(
                "`mains_hz` of {} Hz is not in {} samples/s, which hold less than {} Hz",
                self.mains_hz,
                input.rate_hz,
                input.rate_hz / 2.0
            );
            return Err(ConfigError::ParamForInput { param: "mains_hz".to_owned(), message }.into());
        }
        if self.mains_hz * window as f64 / input.rate_hz < 4.0 {
            let message =
                format!("`window_s` must hold four periods of {} Hz or more", self.mains_hz);
            return Err(ConfigError::ParamForInput { param: "window_s".to_owned(), message }.into());
        }
        let states = vec![State::default(); input.channels()];
        let drive = self.drive(input, window)?;
        let drive_cycles = drive.map_or(0.0, |drive| drive.hz / input.rate_hz);
        let basis = basis(window, self.mains_hz / input.rate_hz, drive_cycles);
        let gauge = Gauge {
            flat_uv: self.flat_uv,
            off_uv: self.off_uv,
            // The amplitude of a square wave's fundamental is 4/pi of the wave's.
            off_drive_uv: drive
                .map(|drive| self.off_kohm * 1e9 * drive.amperes * drive.response / FRAC_PI_4),
            line: Line::of(&basis),
            basis,
            states: states.into(),
        };
        let (stage, output) = Windows::new(gauge, window, 1, input);
        let delay_samples = stage.delay_samples();
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

impl QualityDesc {
    /// The lead-off current's wave, where there is one that these samples hold.
    fn drive(&self, input: &StreamSpec, window: u64) -> Result<Option<LeadOffDrive>, ConfigError> {
        let LeadOff::On(drive) = input.sensor.lead_off else { return Ok(None) };
        if drive.hz <= 0.0 || drive.hz >= input.rate_hz / 2.0 {
            return Ok(None);
        }
        // A Hann window tells two waves apart that differ by two periods in it.
        if (drive.hz - self.mains_hz).abs() * (window as f64 / input.rate_hz) < 2.0 {
            let message = format!(
                "`mains_hz` of {} cannot be told from the lead-off current, which changes its direction at {} Hz: choose another `drive`, or a \
                 longer `window_s`",
                self.mains_hz, drive.hz
            );
            let param = "mains_hz".to_owned();
            return Err(ConfigError::AgainstSource { param, of_source: "lead_off", message });
        }
        Ok(Some(drive))
    }
}

/// A sample's weight, its place between -1 and 1, the mains wave and the lead-off current's there, all weighted.
#[derive(Debug, Clone, Copy)]
struct Basis {
    weight: f64,
    at: f64,
    mains: (f64, f64),
    drive: (f64, f64),
}

fn basis(window: u64, mains_cycles: f64, drive_cycles: f64) -> Box<[Basis]> {
    let of = |n: u64| {
        let weight = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / window as f64).cos();
        let wave = |cycles: f64| {
            let (sin, cos) = (TAU * (cycles * n as f64).fract()).sin_cos();
            (weight * cos, weight * sin)
        };
        let at = 2.0 * (n as f64 + 0.5) / window as f64 - 1.0;
        Basis { weight, at, mains: wave(mains_cycles), drive: wave(drive_cycles) }
    };
    (0..window).map(of).collect()
}

/// What the straight line through a window is found with.
#[derive(Debug, Clone, Copy)]
struct Line {
    weights: f64,
    /// Weighted sum of squared places; that of the places is 0.
    squares: f64,
}

impl Line {
    fn of(basis: &[Basis]) -> Self {
        Self {
            weights: basis.iter().map(|b| b.weight).sum(),
            squares: basis.iter().map(|b| b.weight * b.at * b.at).sum(),
        }
    }
}

/// From this part of the ADC's range on a sample is at a rail.
const RAIL: f64 = 0.95;

/// What is measured of every channel.
#[derive(Debug)]
struct Gauge {
    flat_uv: f64,
    off_uv: f64,
    /// The amplitude of the lead-off current's wave from which on an electrode is off; `None` without one.
    off_drive_uv: Option<f64>,
    basis: Box<[Basis]>,
    line: Line,
    states: Box<[State]>,
}

/// One channel: the sums of the window under way, and what was told of it.
#[derive(Debug, Clone, Default)]
struct State {
    label: String,
    /// The values from which on it is at a rail, below and above.
    rails_uv: Option<(f64, f64)>,
    /// The window's first sample, which the sums are relative to: an electrode's offset is large.
    base_uv: f64,
    sum: f64,
    slope: f64,
    square: f64,
    mains: (f64, f64),
    drive: (f64, f64),
    at_rail: u64,
    /// Position of the first sample at a rail.
    first_at_rail: Option<usize>,
    told: Told,
}

/// Since when a channel is in trouble, for each trouble that was told.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    railed: Option<i64>,
    flat: Option<i64>,
    off: Option<i64>,
}

impl Measure for Gauge {
    fn derive(&mut self, from: &SensorMeta) -> SensorMeta {
        for (state, channel) in self.states.iter_mut().zip(&from.channels) {
            state.label.clone_from(&channel.label);
            state.rails_uv = from.vref_uv.map(|_| {
                let reach = RAIL * f64::from(1 << 23) * channel.unit_per_code.abs();
                (channel.unit_offset - reach, channel.unit_offset + reach)
            });
        }
        let values = from.channels.iter().flat_map(|channel| {
            ["railed", "flat", "off", "mains"].map(|value| ChannelMeta {
                unit: "1".to_owned(),
                ..ChannelMeta::microvolts(format!("{}.{value}", channel.label))
            })
        });
        SensorMeta { channels: values.collect(), vref_uv: None, ..from.clone() }
    }

    fn begin(&mut self, _place: usize) {
        for state in &mut self.states {
            (state.sum, state.slope, state.square) = (0.0, 0.0, 0.0);
            (state.mains, state.drive) = ((0.0, 0.0), (0.0, 0.0));
            (state.at_rail, state.first_at_rail) = (0, None);
        }
    }

    fn add(&mut self, _place: usize, position: usize, frame: &[f32]) {
        let Basis { weight, at, mains, drive } = self.basis[position];
        let is_driven = self.off_drive_uv.is_some();
        for (state, x) in self.states.iter_mut().zip(frame) {
            let x = f64::from(*x);
            if position == 0 {
                state.base_uv = x;
            }
            if state.rails_uv.is_some_and(|(low, high)| x <= low || x >= high) {
                state.at_rail += 1;
                state.first_at_rail.get_or_insert(position);
            }
            let x = x - state.base_uv;
            state.sum += weight * x;
            state.slope += weight * at * x;
            state.square += weight * x * x;
            state.mains.0 += mains.0 * x;
            state.mains.1 += mains.1 * x;
            if is_driven {
                state.drive.0 += drive.0 * x;
                state.drive.1 += drive.1 * x;
            }
        }
    }

    fn finish(&mut self, _place: usize, end: Moment, ctx: &StageCtx, out: &mut Vec<f32>) {
        let window = self.basis.len();
        let Line { weights, squares } = self.line;
        for state in &mut self.states {
            let (mean, slope) = (state.sum / weights, state.slope / squares);
            let power = state.square / weights - mean * mean - slope * slope * squares / weights;
            // What the lead-off current makes there is not the signal's.
            let drive_uv = 2.0 * state.drive.0.hypot(state.drive.1) / weights;
            let power = power - drive_uv * drive_uv / 2.0;
            let power = if power < 0.0 { 0.0 } else { power };
            // The amplitude is twice the sum over the weights, the power half its square.
            let mains = 2.0 * (state.mains.0.powi(2) + state.mains.1.powi(2)) / weights.powi(2);
            let ratio = if power > 0.0 { (mains / power).min(1.0) } else { power };
            let railed = state.at_rail as f64 / window as f64;
            let flat = power.sqrt() < self.flat_uv && self.off_drive_uv.is_none();
            let is_open = self.off_drive_uv.is_some_and(|off_uv| drive_uv >= off_uv);
            let off = railed > 0.5 || mains.sqrt() >= self.off_uv || is_open;
            let part = |yes: bool| f32::from(u8::from(yes));
            out.extend([railed as f32, part(flat), part(off), ratio as f32]);
            state.tell(flat && railed == 0.0, off, window, end, ctx);
        }
    }

    fn reset(&mut self) {
        self.states.iter_mut().for_each(|state| state.told = Told::default());
    }
}

impl State {
    /// Tells what has begun and what is over.
    fn tell(&mut self, flat: bool, off: bool, window: usize, end: Moment, ctx: &StageCtx) {
        let at = |position: usize| {
            end.time_ns - clock::span_ns((window - 1 - position) as u64, end.rate_hz)
        };
        let begins_ns = at(0);
        let first_at_rail_ns = self.first_at_rail.map_or(begins_ns, at);
        let railed = self.first_at_rail.is_some();
        let news = [
            (&mut self.told.railed, railed, first_at_rail_ns, RAILED),
            (&mut self.told.flat, flat, begins_ns, FLAT),
            (&mut self.told.off, off, begins_ns, OFF),
        ];
        for (told, now, since_ns, (begun, over)) in news {
            let (time_ns, text) = match (*told, now) {
                (None, true) => (since_ns, format!("{} {begun}", self.label)),
                (Some(since_ns), false) => {
                    let lasted_s = (begins_ns - since_ns) as f64 / 1e9;
                    (begins_ns, format!("{} {over}, after {lasted_s:.1} s", self.label))
                }
                _ => continue,
            };
            *told = now.then_some(time_ns);
            ctx.report(Event {
                channel: Some(self.label.clone()),
                ..Event::new(EventKind::Signal, time_ns, text)
            });
        }
    }
}

/// What is told when a trouble begins and when it is over.
const RAILED: (&str, &str) = ("is at a rail of the ADC", "has left the rail");
const FLAT: (&str, &str) = ("is flat", "is flat no longer");
const OFF: (&str, &str) = ("seems to have lost its electrode", "has its electrode again");

#[cfg(test)]
mod tests;
