//! What can be wrong with a board, as a sentence that says what to do.

use super::register::NAMES;
use std::io;

/// Why a board could not be set up, or had to be set up again.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The system refused a transfer.
    #[error("cannot talk to {chip}: {error}")]
    Transfer {
        /// Which chip select.
        chip: String,
        /// What it said.
        error: io::Error,
    },
    /// The system refused to tell of edges, or to set a pin.
    #[error("cannot use {line}: {error}")]
    Line {
        /// Which line.
        line: String,
        /// What it said.
        error: io::Error,
    },
    /// The identity register says that it is no ADS1299.
    #[error("{chip} answers with identity 0x{identity:02X}, which is {}", identity_hint(*identity))]
    Identity {
        /// Which chip select.
        chip: String,
        /// What was read.
        identity: u8,
    },
    /// The chips have fewer channels than were asked for.
    #[error("the chips have {found} channels, but {wanted} are asked for: set `channels: {found}`")]
    Channels {
        /// In all chips.
        found: usize,
        /// In the settings.
        wanted: usize,
    },
    /// Chips of a chain are to be set each in its own way.
    #[error(
        "the chips of a daisy chain all hear the same settings: channel {channel} must have the gain and the input of channel {like}"
    )]
    Chain {
        /// Whose settings cannot be made, counted from 1.
        channel: usize,
        /// Whose it will have.
        like: usize,
    },
    /// A register does not hold what was written to it.
    #[error(
        "{chip}: {} was written as 0x{written:02X} and reads back 0x{read:02X}: lower `command_hz`, shorten the wires, check the \
         supplies (AVDD 5 V, DVDD 1.8 to 3.6 V)",
        NAMES[usize::from(*register)]
    )]
    ReadBack {
        /// Which chip select.
        chip: String,
        /// Which register.
        register: u8,
        /// What it should hold.
        written: u8,
        /// What it holds.
        read: u8,
    },
    /// No conversion was announced.
    #[error(
        "no data-ready edge on {line} within {waited_ms} ms: is DRDY connected to this line, and is the chips' clock running \
         (CLKSEL high for the internal one)?"
    )]
    Silent {
        /// Which line.
        line: String,
        /// For how long nothing came.
        waited_ms: u64,
    },
    /// Conversions come at another rate than was set.
    #[error(
        "data-ready edges come at {measured_hz:.1} a second instead of {nominal_hz:.0}: is the chips' clock {:.3} MHz? (`clock_hz` tells of \
         another one)",
        clock_hz / 1e6
    )]
    Rate {
        /// Measured over the first edges.
        measured_hz: f64,
        /// As set.
        nominal_hz: f64,
        /// What the chips' clock is taken for.
        clock_hz: f64,
    },
    /// What is read does not look like conversions.
    #[error(
        "{chip} sends data that do not begin with the four bits 1100 ({bytes:02X?}): lower `data_hz`, check MISO; in a daisy chain, check \
         `daisy_chain` and `daisy_gap_bits`"
    )]
    Frames {
        /// Which chip select.
        chip: String,
        /// The first bytes of what it sent.
        bytes: [u8; 3],
    },
    /// A chip answers and converts, but measures nothing.
    #[error(
        "self-test: no channel of {chip} shows the chip's own test signal: is the analogue supply (AVDD, 5 V) there, and the capacitors \
         at VREFP and VCAP1 to VCAP4?"
    )]
    NoSignal {
        /// Which chip select.
        chip: String,
    },
    /// A chip has lost its settings.
    #[error("{chip} has lost its settings ({} is 0x{read:02X} instead of 0x{written:02X}): its supply dipped, or it was reset", NAMES[usize::from(*register)])]
    Reset {
        /// Which chip select.
        chip: String,
        /// The register that shows it.
        register: u8,
        /// What it should hold.
        written: u8,
        /// What it holds.
        read: u8,
    },
    /// Too many frames in a row were damaged.
    #[error(
        "{frames} damaged frames in a row from {chip}: it was reset, or its wires are disturbed"
    )]
    Damaged {
        /// Which chip select.
        chip: String,
        /// How many.
        frames: u32,
    },
}

fn identity_hint(identity: u8) -> &'static str {
    match identity {
        0x00 => {
            "nothing at all: is the board powered, is SPI wired to this chip select (MISO!), and does the board need RESET or PWDN high?"
        }
        0xFF => "a line that is high all the time: is the board powered, and is MISO wired?",
        0x90..=0x93 | 0xD0..=0xD3 => {
            "an ADS1294, -6 or -8: other gains and another reference, which this driver does not know"
        }
        _ => "no ADS1299: check the wires, and lower `command_hz`",
    }
}
