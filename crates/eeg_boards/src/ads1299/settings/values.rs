//! Rates, gains and inputs: the values the chip knows, and their codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Conversions a second, at a clock of 2.048 MHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Rate {
    Sps16000 = 0,
    Sps8000 = 1,
    Sps4000 = 2,
    Sps2000 = 3,
    Sps1000 = 4,
    Sps500 = 5,
    Sps250 = 6,
}

impl Rate {
    /// All rates, by their codes in CONFIG1.
    pub const ALL: [Self; 7] = [
        Self::Sps16000,
        Self::Sps8000,
        Self::Sps4000,
        Self::Sps2000,
        Self::Sps1000,
        Self::Sps500,
        Self::Sps250,
    ];

    /// The rate with a name; `None` when the chip has none such.
    pub fn from_sps(sps: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| rate.sps() == sps)
    }

    /// Its name.
    pub const fn sps(self) -> u32 {
        16_000 >> self as u32
    }

    /// The bits DR in CONFIG1.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Periods of the chip's clock between two conversions.
    pub const fn clocks(self) -> u64 {
        128 << self as u64
    }
}

/// Gain of an input amplifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Gain {
    X1 = 0,
    X2 = 1,
    X4 = 2,
    X6 = 3,
    X8 = 4,
    X12 = 5,
    X24 = 6,
}

impl Gain {
    /// All gains, by their codes in `CHnSET`. Those of the ADS1298 are others.
    pub const ALL: [Self; 7] =
        [Self::X1, Self::X2, Self::X4, Self::X6, Self::X8, Self::X12, Self::X24];

    /// The gain with a value; `None` when the chip has none such.
    pub fn from_value(value: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|gain| gain.value() == value)
    }

    /// How many times it amplifies.
    pub const fn value(self) -> u32 {
        super::super::GAINS[self as usize]
    }

    /// The bits GAIN in `CHnSET`.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What a channel measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Its electrodes.
    #[default]
    Normal = 0,
    /// Nothing: both inputs at half the supply, to see noise and offset.
    Shorted = 1,
    /// The supply voltage, halved, or the digital one's quarter on channels 3 and 4. At gain 1.
    Supply = 3,
    /// The chip's temperature: degrees = (microvolts - 145300) / 490 + 25.
    Temperature = 4,
    /// The internal square wave: 1.875 mV at 1.953 Hz.
    TestSignal = 5,
}

impl Input {
    /// The bits MUX in `CHnSET`.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_data_sheet() {
        let rates = Rate::ALL.map(|rate| (rate.code(), rate.sps()));
        assert_eq!(
            rates,
            [(0, 16_000), (1, 8000), (2, 4000), (3, 2000), (4, 1000), (5, 500), (6, 250)]
        );
        let gains = Gain::ALL.map(|gain| (gain.code(), gain.value()));
        assert_eq!(gains, [(0, 1), (1, 2), (2, 4), (3, 6), (4, 8), (5, 12), (6, 24)]);
        assert_eq!((Rate::from_sps(300), Gain::from_value(3)), (None, None));
        // HackEEG shipped the ADS1298's: there 000 is a gain of 6 and 110 one of 12.
        assert_eq!((Gain::from_value(6).unwrap().code(), Gain::X24.code()), (3, 6));
    }
}
