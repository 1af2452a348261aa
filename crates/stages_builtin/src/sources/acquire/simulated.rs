//! A board of simulated chips: the driver of the real ones on chips made of arithmetic, in real time.

use super::AcquireDesc;
use super::sensor::{About, Settings, check_labels, setting};
use eeg_boards::ads1299::settings::{Channel, Rate, Reference};
use eeg_boards::ads1299::{Ads1299, Ads1299Options, settings, timing};
use eeg_boards::sample_clock::SampleClockSettings;
use eeg_boards::simulator::{
    Bench, BenchSettings, Fault, Inputs, OscillatorError, RealTime, Recorded, TestSignals, Wiring,
};
use eeg_boards::{Board, Signal};
use eeg_formats::SampleKind;
use plugin_api::{ConfigError, StageInitCtx};
use serde::Deserialize;

/// The most a recording at the inputs may hold: an hour of 16 channels at 1000 samples/s.
const RECORDED_SAMPLES: usize = 64_000_000;

/// `driver: simulated`.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct SimulatedSensor {
    pub(super) channels: usize,
    pub(super) labels: Option<Vec<String>>,
    /// Another seed, another noise.
    seed: u64,
    /// What the electrodes show, added up; without it something that looks like EEG.
    signals: Option<Vec<Signal>>,
    /// Instead: a recording, again and again.
    recording: Option<String>,
    /// How far the chips' oscillator is off.
    oscillator: OscillatorError,
    electrodes_ohm: Vec<f64>,
    reference_ohm: f64,
    series_ohm: f64,
    /// What goes wrong, and when.
    faults: Vec<Fault>,
    pub(super) reference: Reference,
    bias: bool,
    read_twice: bool,
    lab_mode: bool,
}

impl Default for SimulatedSensor {
    fn default() -> Self {
        Self {
            channels: 8,
            labels: None,
            seed: 0,
            signals: None,
            recording: None,
            oscillator: OscillatorError::default(),
            electrodes_ohm: Vec::new(),
            reference_ohm: 0.0,
            series_ohm: 0.0,
            faults: Vec::new(),
            reference: Reference::Pairs,
            bias: false,
            read_twice: false,
            lab_mode: false,
        }
    }
}

impl Settings for SimulatedSensor {
    const KEYS: &'static [&'static str] = &[
        "channels",
        "labels",
        "seed",
        "signals",
        "recording",
        "oscillator",
        "electrodes_ohm",
        "reference_ohm",
        "series_ohm",
        "faults",
        "reference",
        "bias",
        "read_twice",
        "lab_mode",
    ];

    fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        let mut require = |holds: bool, key: &'static str, message: String| {
            if !holds {
                mistakes.push((key, message));
            }
        };
        require(
            (1..=64).contains(&self.channels),
            "channels",
            format!("`channels` must be from 1 to 64, not {}", self.channels),
        );
        require(
            self.oscillator.ppm.abs() <= 30_000.0 && self.oscillator.drift_ppm.abs() <= 1000.0,
            "oscillator",
            "an oscillator is off by at most 30000 ppm and wanders by at most 1000".to_owned(),
        );
        require(
            self.oscillator.drift_period_s >= 1.0,
            "oscillator",
            "`drift_period_s` must be 1 or more".to_owned(),
        );
        let ohms = self.electrodes_ohm.iter().chain([&self.reference_ohm, &self.series_ohm]);
        require(
            ohms.into_iter().all(|ohm| (0.0..=1e9).contains(ohm)),
            "electrodes_ohm",
            "an impedance is from 0 to 1e9 ohms".to_owned(),
        );
        require(
            self.signals.is_none() || self.recording.is_none(),
            "recording",
            "either `signals` or a `recording` is at the electrodes".to_owned(),
        );
        let sane = |fault: &Fault| fault.at_s() >= 0.0 && (0.0..=1e6).contains(&fault.for_s());
        require(
            self.faults.iter().all(sane),
            "faults",
            "`at_s` and `for_s` of a fault must be 0 or more".to_owned(),
        );
        mistakes.extend(check_labels(self.labels.as_ref(), self.channels));
        mistakes
    }
}

impl SimulatedSensor {
    pub(super) fn board(
        &self,
        acquire: &AcquireDesc,
        channels: &[Channel],
        ctx: &StageInitCtx,
    ) -> Result<(Box<dyn Board>, About), Vec<ConfigError>> {
        ConfigError::require(acquire.sps <= 32_000.0, "sps", "at most 32000", acquire.sps)?;
        let lead_off = acquire.checked_lead_off(self.lab_mode)?;
        let rate = nearest_rate(acquire.sps);
        // A chip whose clock makes any rate.
        let clock_hz = acquire.sps * rate.clocks() as f64;
        let settings = settings::Settings {
            rate,
            channels: channels.to_vec(),
            reference: self.reference,
            bias: self.bias,
            clock_out: channels.len() > 8,
            lead_off,
            clock_hz,
        };
        let chips = parts(channels.len());
        let options = Ads1299Options {
            chains: vec![1; chips.len()],
            gap_bits: None,
            read_twice: self.read_twice,
            clock: SampleClockSettings::KERNEL_EDGES,
        };
        let bench = self.bench(chips, clock_hz, acquire.sps);
        let inputs = self.inputs(acquire.board, ctx)?;
        let board = RealTime::new(Ads1299::new(Bench::new(bench, inputs), settings, options));
        let about = About {
            name: "simulated",
            converts_at_hz: acquire.sps,
            clocks: rate.clocks(),
            conversions: 1,
        };
        Ok((Box::new(board), about))
    }

    fn bench(&self, chips: Vec<usize>, clock_hz: f64, sps: f64) -> BenchSettings {
        // As quick as it takes to have read all chips well before the next conversion, however many there are.
        let bits_per_s = chips.len() as f64 * 224.0 * 4.0 * sps;
        let faster = (clock_hz / timing::CLOCK_HZ).max(1.0);
        let data_hz = (20e6_f64).max(bits_per_s) as u32;
        BenchSettings {
            clock_hz,
            oscillator: self.oscillator,
            electrodes_ohm: self.electrodes_ohm.clone(),
            reference_ohm: self.reference_ohm,
            series_ohm: self.series_ohm,
            seed: self.seed,
            faults: self.faults.clone(),
            speeds_hz: ((2e6 * faster.min(clock_hz / timing::CLOCK_HZ)) as u32, data_hz),
            transfer_ns: (1000 / chips.len() as u64).max(50),
            ..BenchSettings::new(Wiring::Cascade(chips))
        }
    }

    fn inputs(&self, board: u32, ctx: &StageInitCtx) -> Result<Box<dyn Inputs>, ConfigError> {
        let Some(path) = &self.recording else {
            let signals = self.signals.clone().unwrap_or_else(Signal::eeg_like);
            return Ok(Box::new(TestSignals::new(signals, self.seed)));
        };
        let refused = |message: String| setting(board, "recording", message);
        let file = ctx.input("recording", path).map_err(|error| refused(error.to_string()))?;
        let mut recording =
            eeg_formats::open(Box::new(file), path).map_err(|error| refused(error.to_string()))?;
        let number =
            recording.info().pick_stream(None).map_err(|error| refused(error.to_string()))?;
        let stream = &recording.info().streams[number];
        let (channels, rate_hz) = (stream.channels.len(), stream.rate_hz);
        let scalings: Vec<(f64, f64)> = stream
            .channels
            .iter()
            .map(|channel| channel.microvolts.unwrap_or(channel.scaling))
            .map(|scaling| (scaling.scale, scaling.offset))
            .collect();
        let in_codes = stream.sample_kind == SampleKind::Codes;
        let (mut microvolts, mut floats, mut codes) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let chunk = if in_codes {
                codes.resize(1024 * channels, 0);
                recording.read_codes(number, &mut codes)
            } else {
                floats.resize(1024 * channels, 0.0);
                recording.read_microvolts(number, &mut floats)
            };
            let Some(chunk) = chunk.map_err(|error| refused(error.to_string()))? else { break };
            let samples = chunk.frames * channels;
            let scaled = codes.iter().zip(scalings.iter().cycle());
            let scaled = scaled.map(|(code, (scale, offset))| f64::from(*code) * scale + offset);
            if in_codes {
                microvolts.extend(scaled.take(samples).map(|uv| uv as f32));
            } else {
                microvolts.extend_from_slice(&floats[..samples]);
            }
            if microvolts.len() > RECORDED_SAMPLES {
                let message = format!("`{path}` is too long to be held: cut it to an hour or less");
                return Err(refused(message));
            }
        }
        if microvolts.len() < channels || channels == 0 {
            return Err(refused(format!("`{path}` holds no samples")));
        }
        Ok(Box::new(Recorded::new(microvolts, channels, rate_hz)))
    }
}

/// The chip's rate that is nearest to one that it has not.
fn nearest_rate(sps: f64) -> Rate {
    let off = |rate: &Rate| (sps / f64::from(rate.sps())).ln().abs();
    let nearest = Rate::ALL.into_iter().min_by(|a, b| off(a).total_cmp(&off(b)));
    nearest.unwrap_or(Rate::Sps250)
}

/// The chips that have so many channels: eight each, the last the smallest that suffices.
fn parts(channels: usize) -> Vec<usize> {
    let mut parts = vec![8; channels / 8];
    match channels % 8 {
        0 => {}
        rest @ 1..=4 => parts.push(4.max(rest)),
        5 | 6 => parts.push(6),
        _ => parts.push(8),
    }
    parts
}
