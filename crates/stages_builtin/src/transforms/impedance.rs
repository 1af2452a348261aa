//! Electrode impedance while EEG streams, from the square wave that the board's lead-off current makes of it.
//!
//! The ADS1299 sends a current of +-I through an electrode and switches its direction at a frequency f of its own clock (data sheet
//! SBAS499C, section 9.6.1, LOFF), so the electrode's voltage is a square wave of amplitude I Z, whose fundamental is 4/pi of that. It comes
//! through the chip's third-order sinc filter, `H = (sin(pi f/fs) / (pi f/fs))^3`, and the amplitude A of what arrives gives
//!
//! `Z = pi A / (4 I H) - R`, with R the resistor that the board has in series with the electrode.
//!
//! Clock and samples come from one oscillator, so a period is a whole number of samples whatever the oscillator does, and a
//! transform over whole periods sees nothing of DC and little of the EEG; a Hann window keeps slow drift and blinks out. Windows overlap
//! by three quarters. (Taking a standard deviation for the amplitude of a sine, as others do, reads 27 % too much.)
//!
//! Current, frequency and f/fs are those of `lead_off` at the `acquire`, which the sensor's description carries, also from a recording of
//! it. Put it right behind the source (and `to_voltage`): every filter in between changes A. The current is good to 20 % only:
//! measure a known resistor, and give known over shown as `calibration`. With the current on both sides of a channel
//! the sum of two electrodes is shown (and two resistors are taken off); with a common reference, what flows through that is shown too.

use super::windows::{Measure, Moment, Windows, window_samples};
use eeg_boards::ads1299::settings::{Current, Drive};
use eeg_boards::ads1299::timing::sinc3;
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, LeadOff, LeadOffDrive, Role, SensorMeta, StageCtx,
    StageDesc, StageInitCtx, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_4, TAU};

/// Impedance of every electrode in kOhm, from the lead-off current of the board, while EEG streams.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpedanceDesc {
    /// The lead-off current: without it, what `lead_off` at the `acquire` says. For recordings of other programs: `6nA`, `24nA`; `6uA` and
    /// `24uA` only with `lab_mode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
    /// How its direction is switched: without it, as `lead_off` at the `acquire` says. For recordings of other programs: `7.8hz`, `31.2hz`
    /// (if only `current` is given) or `quarter_rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drive: Option<Drive>,
    /// Resistor that the board has in series with each electrode, in ohms (2200 on a Cyton).
    #[serde(default)]
    pub series_ohm: f64,
    /// What an impedance has to be multiplied by, found with a known resistor: one factor for all channels, or one each.
    #[serde(default = "default_calibration")]
    pub calibration: Vec<f64>,
    /// Seconds of signal in a value; four values come in that time. Longer is steadier.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
    /// Allows currents that are not meant for people.
    #[serde(default)]
    pub lab_mode: bool,
}

fn default_calibration() -> Vec<f64> {
    vec![1.0]
}

const fn default_window_s() -> f64 {
    4.0
}

/// Windows under way at a time.
const OVERLAP: u64 = 4;

/// Frequencies of the ADS1299's square waves at a clock of 2.048 MHz.
const HZ8: f64 = 7.8125;
const HZ31: f64 = 31.25;

impl StageDesc for ImpedanceDesc {
    const KIND: &'static str = "impedance";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self {
            current: Some(Current::Na6),
            drive: Some(Drive::Hz31),
            series_ohm: 2200.0,
            calibration: default_calibration(),
            window_s: default_window_s(),
            lab_mode: false,
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let channels = input.channels();
        let factors = &self.calibration;
        ConfigError::all([
            self.check_current(),
            ConfigError::require(
                self.series_ohm >= 0.0 && self.series_ohm.is_finite(),
                "series_ohm",
                "0 or more",
                self.series_ohm,
            ),
            ConfigError::require(
                factors.iter().all(|factor| *factor > 0.0 && factor.is_finite()),
                "calibration",
                "factors above 0",
                format!("{factors:?}"),
            ),
        ])?;
        if ![1, channels].contains(&factors.len()) {
            let message = format!(
                "`calibration` has {} factors for {channels} channels: one for all, or one for each",
                factors.len()
            );
            let param = "calibration".to_owned();
            return Err(ConfigError::ParamForInput { param, message }.into());
        }
        let drive = self.drive(input)?;
        let period = period_samples(&drive, input.rate_hz)?;
        let window = window_samples(self.window_s, OVERLAP, input.rate_hz)?;
        // Whole periods, so that DC and the wave's harmonics fall between the lobes.
        let hop = (window / OVERLAP / period * period).max(period);
        let demodulator = Demodulator::new(self, &drive, period, hop * OVERLAP, channels);
        let (stage, output) = Windows::new(demodulator, hop * OVERLAP, OVERLAP, input);
        let delay_samples = stage.delay_samples();
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

impl ImpedanceDesc {
    fn check_current(&self) -> Result<(), ConfigError> {
        if self.current.is_none_or(Current::is_for_people) || self.lab_mode {
            return Ok(());
        }
        let message = "`current` of 6 uA or more is not meant for people (IEC 60601-1): take 6nA or 24nA, or say \
                       `lab_mode: true` when nobody is connected";
        Err(ConfigError::param_message("current", message))
    }

    /// The current as the board was told, or as is said here for a source that does not know.
    fn drive(&self, input: &StreamSpec) -> Result<LeadOffDrive, ConfigError> {
        let against = |param: &str, message: String| ConfigError::AgainstSource {
            param: param.to_owned(),
            of_source: "lead_off",
            message,
        };
        let drive = match (input.sensor.lead_off, self.current) {
            (LeadOff::On(drive), _) => drive,
            (LeadOff::Off, Some(_)) => {
                let message = "no current flows: say `lead_off: { current, drive }` at the `acquire`, and leave `current` out here";
                return Err(against("current", message.to_owned()));
            }
            (LeadOff::Off, None) => {
                let message = "has nothing to measure by, for no current flows: say `lead_off: { current, drive }` at the `acquire`";
                return Err(ConfigError::Input(message.to_owned()));
            }
            (LeadOff::Unknown, Some(current)) => {
                let hz = self.hz(input.rate_hz).unwrap_or(HZ31);
                let response = sinc3(hz / input.rate_hz);
                LeadOffDrive { amperes: current.amperes(), hz, electrodes: 1, response }
            }
            (LeadOff::Unknown, None) => {
                let message = "does not know the lead-off current, which the source does not tell: say `current` and `drive`";
                return Err(ConfigError::Input(message.to_owned()));
            }
        };
        if self.current.is_some_and(|current| current.amperes() != drive.amperes) {
            let (here, there) = (shown(self.current), drive.amperes * 1e9);
            let message = format!(
                "`current: {here}`, but the board sends {there} nA: leave `current` out here"
            );
            return Err(against("current", message));
        }
        // A board whose clock is not the nominal one has other frequencies, by less than half.
        let near =
            |hz: f64| drive.hz > 0.0 && (0.7..1.4).contains(&(hz / drive.hz)) || hz == drive.hz;
        if self.hz(input.rate_hz).is_some_and(|hz| !near(hz)) {
            let (here, there) = (shown(self.drive), drive.hz);
            let message = format!(
                "`drive: {here}`, but the board switches the current's direction at {there} Hz: leave `drive` out here"
            );
            return Err(against("drive", message));
        }
        if drive.hz == 0.0 {
            let message = "a constant current has no wave to measure: take 7.8hz, 31.2hz or quarter_rate as `drive`";
            return Err(match input.sensor.lead_off {
                LeadOff::On(_) => ConfigError::Input(message.to_owned()),
                _ => ConfigError::param_message("drive", message),
            });
        }
        Ok(drive)
    }

    /// The frequency that is said here.
    fn hz(&self, rate_hz: f64) -> Option<f64> {
        self.drive.map(|drive| match drive {
            Drive::Dc => 0.0,
            Drive::Hz8 => HZ8,
            Drive::Hz31 => HZ31,
            Drive::QuarterRate => rate_hz / 4.0,
        })
    }
}

/// A setting as the pipeline file has it.
fn shown(setting: impl Serialize) -> String {
    let value = serde_json::to_value(setting).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// Samples of one period of the square wave.
fn period_samples(drive: &LeadOffDrive, rate_hz: f64) -> Result<u64, ConfigError> {
    let period = rate_hz / drive.hz;
    if period >= 4.0 && (period - period.round()).abs() < 1e-9 * period {
        return Ok(period.round() as u64);
    }
    let message = format!(
        "{rate_hz} samples/s do not hold {} Hz in a whole number of samples, four or more: measure at the board's own rate",
        drive.hz
    );
    Err(ConfigError::ParamForInput { param: "drive".to_owned(), message })
}

/// A transform at one frequency for every channel and window under way.
#[derive(Debug)]
struct Demodulator {
    channels: usize,
    /// The window, and the wave over one period: cosine and sine.
    hann: Box<[f64]>,
    wave: Box<[(f64, f64)]>,
    /// `[place][channel]`: in phase and in quadrature.
    sums: Box<[(f64, f64)]>,
    /// Kilohms for each channel's sum.
    kohm_per_sum: Box<[f64]>,
    series_kohm: f64,
}

impl Demodulator {
    fn new(
        desc: &ImpedanceDesc,
        drive: &LeadOffDrive,
        period: u64,
        window: u64,
        channels: usize,
    ) -> Self {
        let turn = |n: u64, of: u64| TAU * n as f64 / of as f64;
        let hann: Box<[f64]> = (0..window).map(|n| 0.5 - 0.5 * turn(n, window).cos()).collect();
        // Sum over the window of a wave of amplitude A: A/2 times the sum of the weights.
        let uv_per_sum = 2.0 / hann.iter().sum::<f64>();
        // Microvolts over amperes are microohms: 1e-9 to kilohms.
        let kohm_per_uv = FRAC_PI_4 / drive.amperes / drive.response * 1e-9;
        let factor = |n: usize| desc.calibration.get(n).unwrap_or(&desc.calibration[0]);
        Self {
            channels,
            hann,
            wave: (0..period).map(|n| (turn(n, period).cos(), turn(n, period).sin())).collect(),
            sums: vec![(0.0, 0.0); OVERLAP as usize * channels].into(),
            kohm_per_sum: (0..channels).map(|n| uv_per_sum * kohm_per_uv * factor(n)).collect(),
            series_kohm: desc.series_ohm / 1e3 * f64::from(drive.electrodes),
        }
    }

    fn sums(&mut self, place: usize) -> &mut [(f64, f64)] {
        &mut self.sums[place * self.channels..(place + 1) * self.channels]
    }
}

impl Measure for Demodulator {
    fn derive(&mut self, from: &SensorMeta) -> SensorMeta {
        let kohm = |channel: &ChannelMeta| ChannelMeta {
            unit: "kOhm".to_owned(),
            ..ChannelMeta::microvolts(channel.label.clone())
        };
        SensorMeta {
            channels: from.channels.iter().map(kohm).collect(),
            vref_uv: None,
            ..from.clone()
        }
    }

    fn begin(&mut self, place: usize) {
        self.sums(place).fill((0.0, 0.0));
    }

    fn add(&mut self, place: usize, position: usize, frame: &[f32]) {
        let weight = self.hann[position];
        let (cos, sin) = self.wave[position % self.wave.len()];
        let (cos, sin) = (weight * cos, weight * sin);
        for (sum, x) in self.sums(place).iter_mut().zip(frame) {
            let x = f64::from(*x);
            sum.0 += x * cos;
            sum.1 += x * sin;
        }
    }

    fn finish(&mut self, place: usize, _end: Moment, _ctx: &StageCtx, out: &mut Vec<f32>) {
        let sums = &self.sums[place * self.channels..(place + 1) * self.channels];
        let series_kohm = self.series_kohm;
        out.extend(sums.iter().zip(&self.kohm_per_sum).map(|((re, im), kohm)| {
            let shown = re.hypot(*im) * kohm - series_kohm;
            // NaN stays NaN; noise around nothing is nothing.
            if shown < 0.0 { 0.0 } else { shown as f32 }
        }));
    }
}

#[cfg(test)]
mod tests;
