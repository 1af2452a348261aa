//! An OpenBCI Cyton, alone or with Daisy, on the serial port of its dongle.

use super::AcquireDesc;
use super::sensor::{About, Settings, check_labels};
use eeg_boards::Board;
use eeg_boards::ads1299::settings::{Channel, Current, Drive, Reference, Side};
use eeg_boards::cyton::{ChannelSettings, Cyton, CytonSettings, PACKETS_PER_S, SerialLink};
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
    reference: Reference,
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
        let (sps, what) = if self.channels == 16 {
            (PACKETS_PER_S / 2.0, "125 for a Cyton with Daisy")
        } else {
            (PACKETS_PER_S, "250 for a Cyton")
        };
        let lead_off_fits =
            acquire.lead_off.is_none_or(|l| l.current == Current::Na6 && l.drive == Drive::Hz31);
        let lead_off_says = "6nA at 31.2hz is all that a Cyton can do";
        ConfigError::all([
            ConfigError::require(acquire.sps == sps, "sps", what, acquire.sps),
            if lead_off_fits {
                Ok(())
            } else {
                Err(ConfigError::param_message("lead_off", lead_off_says))
            },
        ])?;
        let one = |channel: &Channel| ChannelSettings {
            gain_code: channel.gain.code(),
            input_code: channel.input.code(),
            bias: self.bias,
            srb2: self.reference == Reference::Srb2,
            srb1: self.reference == Reference::Srb1,
        };
        let settings = CytonSettings {
            channels: channels.iter().map(one).collect(),
            lead_off: acquire.lead_off.map_or((false, false), |lead_off| match lead_off.side {
                Side::Positive => (true, false),
                Side::Negative => (false, true),
                Side::Both => (true, true),
            }),
        };
        let board = Cyton::new(Box::new(SerialLink::new(self.port.clone())), settings);
        let name = if self.channels == 16 { "Cyton with Daisy" } else { "Cyton" };
        Ok((Box::new(board), About { name, converts_at_hz: PACKETS_PER_S }))
    }
}
