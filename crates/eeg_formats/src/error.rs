//! What can be wrong with a recording, each as one sentence that names the file and says what to do.

use std::io;

/// Why a recording could not be opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The operating system, or the reader underneath, refused.
    #[error("{name}: cannot {doing}: {source}")]
    Io {
        /// The recording, as named when it was opened.
        name: String,
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },

    /// The content is none of the formats known here.
    #[error(
        "{name}: {found}; EDF, EDF+, BDF, BDF+, XDF and OpenBCI GUI text can be read: convert the file to one of them"
    )]
    Unrecognised {
        /// The recording, as named when it was opened.
        name: String,
        /// What its first bytes look like.
        found: String,
    },

    /// The file ends inside its header.
    #[error(
        "{name}: the header needs {need_bytes} bytes and the file has {have_bytes}: it was cut off, copy it again from its source"
    )]
    ShortHeader {
        /// The recording, as named when it was opened.
        name: String,
        /// Length that the header gives for itself.
        need_bytes: u64,
        /// Length of the file.
        have_bytes: u64,
    },

    /// A header field that nothing can be read without is missing or makes no sense.
    #[error("{name}: {field} is {found:?}, but must be {wanted}")]
    HeaderField {
        /// The recording, as named when it was opened.
        name: String,
        /// The field, with its channel or its place in the file.
        field: String,
        /// Its text.
        found: String,
        /// What would be right.
        wanted: &'static str,
    },

    /// A text recording without a line, or an XDF file without a chunk, that nothing can be read without.
    #[error("{name}: {problem}; {advice}")]
    Text {
        /// The recording, as named when it was opened.
        name: String,
        /// What is wrong, with the line number where there is one.
        problem: String,
        /// What to do about it.
        advice: &'static str,
    },

    /// The stream that was asked for is not in the recording.
    #[error("{name}: there is no stream {asked:?}; it has {available}")]
    NoSuchStream {
        /// The recording, as named when it was opened.
        name: String,
        /// The name or number asked for.
        asked: String,
        /// The streams there are: number, name, channels and rate.
        available: String,
    },

    /// Samples were asked for in a form that the stream does not hold.
    #[error("{name}: stream {stream} holds {holds}; read it with {instead}")]
    SampleKind {
        /// The recording, as named when it was opened.
        name: String,
        /// Number of the stream.
        stream: usize,
        /// What it holds.
        holds: &'static str,
        /// The call that reads it.
        instead: &'static str,
    },

    /// The buffer to fill has no room for one frame.
    #[error(
        "{name}: a frame of stream {stream} is {channels} samples, the buffer holds {room}: make it longer"
    )]
    BufferTooSmall {
        /// The recording, as named when it was opened.
        name: String,
        /// Number of the stream.
        stream: usize,
        /// Channels of the stream.
        channels: usize,
        /// Length of the buffer, samples.
        room: usize,
    },
}
