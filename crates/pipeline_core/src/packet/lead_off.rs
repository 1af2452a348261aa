//! The current that a board sends through its electrodes to see how good their contact is: what a stage has to know that measures by it.

use std::fmt;

/// Whether such a current flows, as far as the source knows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum LeadOff {
    /// The source does not say: a recording of another program, something made up.
    #[default]
    Unknown,
    /// None flows.
    Off,
    /// It flows.
    On(LeadOffDrive),
}

/// A current through every electrode of a board, the same in both directions by turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeadOffDrive {
    /// Strength in amperes.
    pub amperes: f64,
    /// Frequency of the square wave by the nominal sample rate, in Hz: with the rate it gives the samples of a period, whatever the
    /// board's oscillator does. 0 for a constant current.
    pub hz: f64,
    /// Electrodes that it flows through in each channel: one, or both.
    pub electrodes: u32,
    /// What the board's own filter leaves of a sine of that frequency, as a factor.
    pub response: f64,
}

/// One word, as recordings hold it: `off`, or the four numbers of the drive.
impl fmt::Display for LeadOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Off => f.write_str("off"),
            Self::On(LeadOffDrive { amperes, hz, electrodes, response }) => {
                write!(f, "{amperes:e}A,{hz}Hz,{electrodes},{response}")
            }
        }
    }
}

impl LeadOff {
    /// From its word; `Unknown` for any other.
    ///
    /// ```
    /// use pipeline_core::{LeadOff, LeadOffDrive};
    /// let drive = LeadOffDrive { amperes: 6e-9, hz: 31.25, electrodes: 2, response: 0.925 };
    /// for lead_off in [LeadOff::Off, LeadOff::On(drive), LeadOff::Unknown] {
    ///     assert_eq!(LeadOff::parse(&lead_off.to_string()), lead_off);
    /// }
    /// ```
    pub fn parse(word: &str) -> Self {
        if word == "off" {
            return Self::Off;
        }
        let mut parts = word.split(',');
        let mut number = |unit: &str| -> Option<f64> {
            parts.next()?.strip_suffix(unit)?.parse().ok().filter(|x: &f64| x.is_finite())
        };
        let mut drive = || -> Option<LeadOffDrive> {
            let (amperes, hz) = (number("A")?, number("Hz")?);
            let (electrodes, response) = (number("")? as u32, number("")?);
            Some(LeadOffDrive { amperes, hz, electrodes, response })
        };
        drive().map_or(Self::Unknown, Self::On)
    }
}
