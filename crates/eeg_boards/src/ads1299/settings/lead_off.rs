//! The current that lead-off detection and impedance measurement send through the electrodes (data sheet section 9.6.1, LOFF).

use super::Reference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A current through the electrodes, to see how good their contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadOff {
    /// How strong. More than 24 nA only in the laboratory (`lab_mode: true` on the sensor): no current for a person.
    #[serde(default)]
    pub current: Current,
    /// Constant, or switched in direction at a frequency.
    #[serde(default)]
    pub drive: Drive,
    /// Through which electrodes of a channel.
    #[serde(default)]
    pub side: Side,
}

/// Strength of the lead-off current; each is good to 20 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Current {
    /// 6 nA.
    #[default]
    #[serde(rename = "6nA")]
    Na6 = 0,
    /// 24 nA.
    #[serde(rename = "24nA")]
    Na24 = 1,
    /// 6 uA: laboratory only.
    #[serde(rename = "6uA")]
    Ua6 = 2,
    /// 24 uA: laboratory only.
    #[serde(rename = "24uA")]
    Ua24 = 3,
}

impl Current {
    /// In amperes.
    pub const fn amperes(self) -> f64 {
        [6e-9, 24e-9, 6e-6, 24e-6][self as usize]
    }

    /// Whether it may flow through a person for long: IEC 60601-1 allows 10 uA of direct current as patient auxiliary current
    /// in normal condition, and this leaves a wide margin.
    pub const fn is_for_people(self) -> bool {
        matches!(self, Self::Na6 | Self::Na24)
    }
}

/// How the current changes with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drive {
    /// Constant: shows an electrode that is off, in the status of every frame.
    Dc = 0,
    /// A square wave of clock / 2^18: 7.8125 Hz.
    #[serde(rename = "7.8hz")]
    Hz8 = 1,
    /// A square wave of clock / 2^16: 31.25 Hz.
    #[default]
    #[serde(rename = "31.2hz")]
    Hz31 = 2,
    /// A square wave of a quarter of the sample rate.
    QuarterRate = 3,
}

impl Drive {
    /// Periods of the chip's clock in one of the square wave; `None` for a constant current.
    pub const fn clocks(self, clocks_per_sample: u64) -> Option<u64> {
        match self {
            Self::Dc => None,
            Self::Hz8 => Some(1 << 18),
            Self::Hz31 => Some(1 << 16),
            Self::QuarterRate => Some(4 * clocks_per_sample),
        }
    }
}

/// Through which electrodes of a channel the current flows.
///
/// Where the inputs of one side are all connected to the reference, the currents of all channels on that side add up in the one reference
/// electrode; [`LeadOff::flows_through_the_reference`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The channel's own: the one at the inverting input with the reference at SRB2, otherwise the one at the non-inverting input.
    #[default]
    Electrode,
    /// The one at the non-inverting input.
    Positive,
    /// The one at the inverting input.
    Negative,
    /// Both: what is measured is the sum of both impedances.
    Both,
}

impl LeadOff {
    /// The register LOFF: threshold at 95 % of the supply.
    pub(super) const fn code(self) -> u8 {
        (self.current as u8) << 2 | self.drive as u8
    }

    /// Whether the current flows through the electrode at the non-inverting input, and through that at the inverting one.
    pub const fn sides(self, reference: Reference) -> (bool, bool) {
        match (self.side, reference) {
            (Side::Negative, _) | (Side::Electrode, Reference::Srb2) => (false, true),
            (Side::Positive, _) | (Side::Electrode, Reference::Pairs | Reference::Srb1) => {
                (true, false)
            }
            (Side::Both, _) => (true, true),
        }
    }

    /// Whether the currents of all channels add up in the reference electrode, so that its impedance is measured as many times as there
    /// are channels, and shown as that of every electrode.
    pub const fn flows_through_the_reference(self, reference: Reference) -> bool {
        let (positive, negative) = self.sides(reference);
        match reference {
            Reference::Pairs => false,
            Reference::Srb1 => negative,
            Reference::Srb2 => positive,
        }
    }
}
