//! What can be wrong with a Cyton, in sentences that say what to do.

use std::io;

/// Why a Cyton cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CytonError {
    /// The port cannot be opened.
    #[error("cannot open {port}: {error}{}", advice(error))]
    Open {
        /// Path of the serial port.
        port: String,
        /// As the system says.
        error: io::Error,
    },
    /// The port is gone.
    #[error("{port} is gone ({error}): is the dongle still plugged in?")]
    Gone {
        /// Path of the serial port.
        port: String,
        /// As the system says.
        error: io::Error,
    },
    /// Nothing answers.
    #[error(
        "nothing answers on {port}: is it the Cyton's dongle, and its switch on GPIO 6? Is the board switched to PC?"
    )]
    Silent {
        /// Path of the serial port.
        port: String,
    },
    /// The dongle answers for the board.
    #[error(
        "the dongle on {port} answers, the board does not (`{answer}`): switch it to PC, bring it nearer, look at its \
         battery, or set both to one radio channel"
    )]
    NoBoard {
        /// Path of the serial port.
        port: String,
        /// What the dongle said.
        answer: String,
    },
    /// Something else answers.
    #[error("what answers on {port} is no Cyton: `{answer}`")]
    NotACyton {
        /// Path of the serial port.
        port: String,
        /// What it said.
        answer: String,
    },
    /// A number of channels that no Cyton has.
    #[error("a Cyton has 8 channels, or 16 with a Daisy, not {0}")]
    Channels(usize),
    /// A lead-off current that the firmware does not know.
    #[error("the Cyton's firmware knows one lead-off current: `current: 6nA` at `drive: 31.2hz`")]
    LeadOff,
    /// Sixteen channels need a daisy.
    #[error(
        "16 channels were asked for, but no Daisy answers: plug it onto the Cyton, or set `channels: 8`"
    )]
    NoDaisy,
    /// A command was not done.
    #[error("the board did not do `{command}`: it answered `{answer}` instead of `{expected}`")]
    Refused {
        /// What it was told.
        command: String,
        /// What it said.
        answer: String,
        /// What it should have said.
        expected: String,
    },
    /// It does not stream.
    #[error(
        "the board sends nothing: it is set up anew; if that does not help, switch it off and on again"
    )]
    NoStream,
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            ": plug the dongle in; its port is called /dev/ttyUSB0 or the like"
        }
        io::ErrorKind::PermissionDenied => {
            ": you may not use it; `sudo usermod -aG dialout $USER`, then log in again"
        }
        io::ErrorKind::ResourceBusy => ": another program uses it",
        _ => "",
    }
}
