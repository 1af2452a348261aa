//! Why a recording cannot be written, each as one sentence that says what to do.

use std::io;

/// Why a recording could not be started or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The operating system refused. What was written before is whole; the call may be tried again.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },

    /// Something that the format cannot hold was asked for.
    #[error("{what} is {found:?}, but {rule}")]
    Spec {
        /// The field, with its channel where it has one.
        what: String,
        /// What was asked for.
        found: String,
        /// What the format can hold.
        rule: &'static str,
    },

    /// 16-bit samples would be coarser than allowed.
    #[error(
        "channel {channel:?}: 16-bit samples over {range} {unit} have steps of {step} {unit}, and at most {allowed} are allowed: \
         give a smaller range, remove the offset with a high-pass first, or record as BDF+ (24 bits)"
    )]
    Resolution {
        /// The channel.
        channel: String,
        /// Its unit.
        unit: String,
        /// From the least to the greatest value, in `unit`.
        range: f64,
        /// One step of the file, in `unit`.
        step: f64,
        /// Largest step that the caller allows, in `unit`.
        allowed: f64,
    },

    /// The samples given are no whole number of frames.
    #[error("{samples} samples are no whole number of frames of {channels} channels")]
    Frames {
        /// Samples given.
        samples: usize,
        /// Channels of the recording.
        channels: usize,
    },

    /// A code that the format's samples are too narrow for.
    #[error(
        "channel {channel:?}, sample {index}: code {code} does not fit into {bits} bits: give its scaling, so that it is converted"
    )]
    Code {
        /// The channel.
        channel: String,
        /// Index of its frame.
        index: u64,
        /// The code.
        code: i32,
        /// Bits of a sample in this format.
        bits: u32,
    },

    /// A call that this recording has no place for.
    #[error("{0}")]
    Misuse(&'static str),

    /// The file is at its format's limit; what it holds is whole.
    #[error("the file has {0}, the most its format can count: close it and go on in a new one")]
    Full(&'static str),
}

impl WriteError {
    pub(crate) fn io(doing: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing: doing.to_owned(), source }
    }

    pub(crate) fn spec(
        what: impl Into<String>,
        found: impl std::fmt::Display,
        rule: &'static str,
    ) -> Self {
        Self::Spec { what: what.into(), found: found.to_string(), rule }
    }
}
