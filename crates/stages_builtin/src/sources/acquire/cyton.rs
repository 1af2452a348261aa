//! An OpenBCI Cyton, alone or with Daisy, on the serial port of its dongle.

use super::AcquireDesc;
use super::sensor::{About, Settings, check_labels};
use eeg_boards::Board;
use eeg_boards::ads1299::settings::{Channel, Rate, Reference};
use eeg_boards::cyton::{Cyton, CytonSettings, PACKETS_PER_S, SerialLink};
use plugin_api::ConfigError;
use serde::Deserialize;
use std::path::PathBuf;

/// `driver: cyton`.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct CytonSensor {
    port: PathBuf,
    /// 8, or 16 with the Daisy.
    pub(super) channels: usize,
    pub(super) labels: Option<Vec<String>>,
    pub(super) reference: Reference,
    bias: bool,
}

impl Default for CytonSensor {
    /// As the board itself starts: SRB2 is the reference, and every channel takes part in the bias.
    fn default() -> Self {
        Self {
            port: PathBuf::new(),
            channels: 8,
            labels: None,
            reference: Reference::Srb2,
            bias: true,
        }
    }
}

impl Settings for CytonSensor {
    const KEYS: &'static [&'static str] = &["port", "channels", "labels", "reference", "bias"];
    const NEEDS: &'static [&'static str] = &["port"];

    fn mistakes(&self) -> Vec<(&'static str, String)> {
        if ![8, 16].contains(&self.channels) {
            let message = "`channels` must be 8, or 16 with the Daisy".to_owned();
            return vec![("channels", message)];
        }
        check_labels(self.labels.as_ref(), self.channels).into_iter().collect()
    }
}

impl CytonSensor {
    pub(super) fn board(
        &self,
        acquire: &AcquireDesc,
        channels: &[Channel],
    ) -> Result<(Box<dyn Board>, About), Vec<ConfigError>> {
        let settings = CytonSettings {
            channels: channels.to_vec(),
            reference: self.reference,
            bias: self.bias,
            lead_off: acquire.lead_off,
        };
        let rate_hz = settings.rate_hz();
        let (name, what, conversions) = if settings.daisy() {
            ("Cyton with Daisy", "125 for a Cyton with Daisy", 2)
        } else {
            ("Cyton", "250 for a Cyton", 1)
        };
        ConfigError::require(acquire.sps == rate_hz, "sps", what, acquire.sps)?;
        // The channels have been checked: only the lead-off current is left to be impossible.
        let board = Cyton::new(Box::new(SerialLink::new(self.port.clone())), settings)
            .map_err(|error| ConfigError::param_message("lead_off", error.to_string()))?;
        let clocks = Rate::Sps250.clocks();
        Ok((Box::new(board), About { name, converts_at_hz: PACKETS_PER_S, clocks, conversions }))
    }
}
