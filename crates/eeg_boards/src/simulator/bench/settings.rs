//! What is on the bench: chips and how they are connected, their clock, electrodes, the host's speed, and what will happen.

use crate::ads1299::timing::CLOCK_HZ;
use crate::simulator::fault::Fault;
use crate::simulator::oscillator::OscillatorError;

/// How the chips are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wiring {
    /// Each with a chip select of its own; the numbers of their channels.
    Cascade(Vec<usize>),
    /// One behind the other on one chip select.
    Daisy {
        /// The numbers of their channels.
        chips: Vec<usize>,
        /// Bits between the data of two chips: the ADS1298's data sheet speaks of one, the ADS1299's does not.
        gap_bits: usize,
    },
}

/// What is wrong with a channel's amplifier, whatever it measures. [Codes](crate::simulator::Inputs::codes) do not pass through it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Defect {
    /// It amplifies by another factor than it should.
    Gain {
        /// Counted from 1.
        channel: usize,
        /// Of the right gain; 0: it is dead.
        factor: f64,
    },
    /// It adds noise.
    Noise {
        /// Counted from 1.
        channel: usize,
        /// How much, microvolts rms at the input.
        rms_uv: f64,
    },
}

impl Defect {
    /// Whose it is, counted from 1.
    pub const fn channel(&self) -> usize {
        match self {
            Self::Gain { channel, .. } | Self::Noise { channel, .. } => *channel,
        }
    }
}

/// What is on the bench.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchSettings {
    /// The chips.
    pub wiring: Wiring,
    /// What their clock is meant to run at, and how far it is off.
    pub clock_hz: f64,
    /// See there.
    pub oscillator: OscillatorError,
    /// Whether the RESET and START pins are connected.
    pub control_pins: bool,
    /// Ohms of each channel's electrode; 0 for those not named.
    pub electrodes_ohm: Vec<f64>,
    /// Ohms of the electrode at the inverting inputs.
    pub reference_ohm: f64,
    /// Ohms in series with each electrode, on the board.
    pub series_ohm: f64,
    /// Channels that are broken.
    pub defects: Vec<Defect>,
    /// Another seed, another noise.
    pub seed: u64,
    /// What happens.
    pub faults: Vec<Fault>,
    /// SCLK of commands and of data.
    pub speeds_hz: (u32, u32),
    /// What a transfer and a wake-up cost the host beside the wire, in nanoseconds.
    pub transfer_ns: u64,
    /// See there.
    pub wake_ns: u64,
    /// Events the kernel keeps for a reader that is late.
    pub event_queue: usize,
    /// A share of the data-ready interrupts is late by up to so many nanoseconds.
    pub interrupt_tail: (f64, f64),
    /// Monotonic and Unix time at power-up.
    pub began_ns: (u64, i64),
}

impl BenchSettings {
    /// Chips with everything as it should be.
    pub fn new(wiring: Wiring) -> Self {
        Self {
            wiring,
            clock_hz: CLOCK_HZ,
            oscillator: OscillatorError::default(),
            control_pins: true,
            electrodes_ohm: Vec::new(),
            reference_ohm: 0.0,
            series_ohm: 0.0,
            defects: Vec::new(),
            seed: 0,
            faults: Vec::new(),
            speeds_hz: (2_000_000, 20_000_000),
            transfer_ns: 1000,
            wake_ns: 2000,
            event_queue: 256,
            interrupt_tail: (0.0, 0.0),
            began_ns: (1_000_000_000, 1_700_000_000_000_000_000),
        }
    }
}
