//! Where samples come from: the sensor, its channels, and the step from code to microvolt.

use super::LeadOff;

/// A sensor as its packets describe it. Shared, never changed in place: new settings are a new value with
/// `meta_rev` raised.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SensorMeta {
    /// Number of the sensor in the pipeline file (`board: 0`), or 0.
    pub sensor_id: u32,
    /// Raised whenever gain, labels or scaling change.
    pub meta_rev: u32,
    /// What it is, for people: a board, a file.
    pub name: String,
    /// Reference voltage in microvolts, when there is one.
    pub vref_uv: Option<f64>,
    /// The current through its electrodes that shows how good their contact is.
    pub lead_off: LeadOff,
    /// The channels, in the order in which they lie in a frame.
    pub channels: Vec<ChannelMeta>,
}

/// One channel: its name and how a code becomes a physical value.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelMeta {
    /// Electrode or signal name.
    pub label: String,
    /// Unit of the physical value; `uV` for EEG.
    pub unit: String,
    /// Amplifier gain; 1 when unknown (a recording has its gain in `unit_per_code`).
    pub gain: f64,
    /// `physical = code * unit_per_code + unit_offset`.
    pub unit_per_code: f64,
    /// Physical value of code 0.
    pub unit_offset: f64,
}

impl ChannelMeta {
    /// A channel that already is in microvolts.
    pub fn microvolts(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: "uV".to_owned(),
            gain: 1.0,
            unit_per_code: 1.0,
            unit_offset: 0.0,
        }
    }

    /// A channel of a 24-bit ADC: one step is `vref / gain / 2^23` (ADS1299 data sheet SBAS499C, equation 8).
    ///
    /// ```
    /// let channel = pipeline_core::ChannelMeta::adc24("Fp1", 4_500_000.0, 24.0);
    /// assert_eq!(channel.unit_per_code, 0.022351741790771484375);
    /// ```
    pub fn adc24(label: impl Into<String>, vref_uv: f64, gain: f64) -> Self {
        Self { gain, unit_per_code: vref_uv / gain / f64::from(1 << 23), ..Self::microvolts(label) }
    }

    /// The physical value of a code, in f64.
    pub fn physical(&self, code: i32) -> f64 {
        f64::from(code) * self.unit_per_code + self.unit_offset
    }
}
