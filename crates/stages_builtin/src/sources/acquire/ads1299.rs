//! A board of ADS1299 chips on this machine's SPI bus and GPIO lines.

use super::sensor::{About, Settings, check_labels};
use super::{AcquireDesc, one_of};
use eeg_boards::Board;
use eeg_boards::ads1299::linux::{GpioLine, LinuxWires, LinuxWiring};
use eeg_boards::ads1299::settings::{Channel, Rate, Reference};
use eeg_boards::ads1299::{Ads1299, Ads1299Options, RATES_SPS, settings, timing};
use eeg_boards::sample_clock::SampleClockSettings;
use plugin_api::ConfigError;
use serde::Deserialize;
use std::path::PathBuf;

/// Commands at most: a byte has to last as long as the slowest clock takes to decode it.
const COMMAND_HZ: u32 = 3_900_000;
/// Data at most (data sheet section 7.6).
const DATA_HZ: u32 = 20_000_000;

/// `driver: ads1299`.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(super) struct Ads1299Sensor {
    /// A device for each chip select.
    spi: OneOrMore,
    drdy: Option<GpioLine>,
    reset: Option<GpioLine>,
    start: Option<GpioLine>,
    /// Chips behind each chip select.
    daisy_chain: usize,
    /// Bits between the data of two of them; without it, found out.
    daisy_gap_bits: Option<usize>,
    channels: Option<usize>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) reference: Reference,
    bias: bool,
    clock_hz: f64,
    clock_out: bool,
    command_hz: u32,
    data_hz: u32,
    read_twice: bool,
    lab_mode: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl Default for Ads1299Sensor {
    fn default() -> Self {
        Self {
            spi: OneOrMore::More(Vec::new()),
            drdy: None,
            reset: None,
            start: None,
            daisy_chain: 1,
            daisy_gap_bits: None,
            channels: None,
            labels: None,
            reference: Reference::Pairs,
            bias: false,
            clock_hz: timing::CLOCK_HZ,
            clock_out: false,
            command_hz: 2_000_000,
            data_hz: 8_000_000,
            read_twice: false,
            lab_mode: false,
        }
    }
}

impl Settings for Ads1299Sensor {
    const KEYS: &'static [&'static str] = &[
        "spi",
        "drdy",
        "reset",
        "start",
        "daisy_chain",
        "daisy_gap_bits",
        "channels",
        "labels",
        "reference",
        "bias",
        "clock_hz",
        "clock_out",
        "command_hz",
        "data_hz",
        "read_twice",
        "lab_mode",
    ];
    const NEEDS: &'static [&'static str] = &["spi", "drdy"];

    fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        let mut require = |holds: bool, key: &'static str, message: &str| {
            if !holds {
                mistakes.push((key, message.to_owned()));
            }
        };
        require(
            (1..=4).contains(&self.daisy_chain),
            "daisy_chain",
            "`daisy_chain` must be from 1 to 4 chips",
        );
        require(
            self.daisy_gap_bits.unwrap_or(0) <= 1,
            "daisy_gap_bits",
            "`daisy_gap_bits` must be 0 or 1",
        );
        require(
            (100_000..=COMMAND_HZ).contains(&self.command_hz),
            "command_hz",
            "`command_hz` must be from 100000 to 3900000: a byte has to last as long as the chip takes to decode it",
        );
        require(
            (100_000..=DATA_HZ).contains(&self.data_hz),
            "data_hz",
            "`data_hz` must be from 100000 to 20000000",
        );
        require(
            (1_500_000.0..=2_250_000.0).contains(&self.clock_hz),
            "clock_hz",
            "`clock_hz` must be from 1500000 to 2250000",
        );
        let selects = self.spi.paths().len();
        require(
            selects < 2 || self.start.is_some(),
            "spi",
            "chips with a chip select each convert together only if their START pins are connected: say to which line with `start`, or \
             describe each chip as a board of its own and join them with `align_and_zip`",
        );
        let most = 8 * self.daisy_chain * selects.max(1);
        require(
            self.channels.is_none_or(|channels| (1..=most).contains(&channels)),
            "channels",
            &format!("`channels` must be from 1 to {most}: eight for each chip"),
        );
        mistakes.extend(check_labels(self.labels.as_ref(), self.channels()));
        mistakes
    }
}

impl OneOrMore {
    fn paths(&self) -> &[PathBuf] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::More(paths) => paths,
        }
    }
}

impl Ads1299Sensor {
    /// As many as are asked for; without that, eight for each chip.
    pub(super) fn channels(&self) -> usize {
        self.channels.unwrap_or(8 * self.daisy_chain * self.spi.paths().len().max(1))
    }

    /// How long the wires are busy with one conversion.
    fn busy_s(&self) -> f64 {
        let chips = self.daisy_chain * self.spi.paths().len();
        let passes = if self.read_twice { 2.0 } else { 1.0 };
        passes * (chips * 27 + self.spi.paths().len()) as f64 * 8.0 / f64::from(self.data_hz)
    }

    pub(super) fn board(
        &self,
        acquire: &AcquireDesc,
        channels: &[Channel],
    ) -> Result<(Box<dyn Board>, About), ConfigError> {
        let rate = Rate::ALL.into_iter().find(|rate| f64::from(rate.sps()) == acquire.sps);
        let Some(rate) = rate else {
            let refused = ConfigError::require(false, "sps", &one_of(&RATES_SPS), acquire.sps);
            return Err(refused.expect_err("what is false does not hold"));
        };
        if self.busy_s() * acquire.sps > 0.9 {
            let message = format!(
                "{:.0} us to read a conversion at `data_hz: {}`, but only {:.0} us from one to the next: lower `sps`, raise `data_hz`",
                self.busy_s() * 1e6,
                self.data_hz,
                1e6 / acquire.sps
            );
            return Err(ConfigError::param_message("sps", message));
        }
        let wires = LinuxWires::new(LinuxWiring {
            spi: self.spi.paths().to_vec(),
            drdy: self.drdy.clone().unwrap_or(GpioLine { chip: String::new(), line: 0 }),
            reset: self.reset.clone(),
            start: self.start.clone(),
            command_hz: self.command_hz,
            data_hz: self.data_hz,
            clock_hz: self.clock_hz,
        });
        let settings = settings::Settings {
            rate,
            channels: channels.to_vec(),
            reference: self.reference,
            bias: self.bias,
            clock_out: self.clock_out,
            lead_off: acquire.checked_lead_off(self.lab_mode)?,
            clock_hz: self.clock_hz,
        };
        let options = Ads1299Options {
            chains: vec![self.daisy_chain; self.spi.paths().len()],
            gap_bits: self.daisy_gap_bits,
            read_twice: self.read_twice,
            clock: SampleClockSettings::KERNEL_EDGES,
        };
        let about = About {
            name: "ADS1299",
            converts_at_hz: settings.rate_hz(),
            clocks: rate.clocks(),
            conversions: 1,
        };
        Ok((Box::new(Ads1299::new(wires, settings, options)), about))
    }
}
