//! What the daemon says while it serves: a line each, as text for people or JSON for a journal, never too many; and the
//! last of it kept for when something goes wrong.
//!
//! | file | what |
//! |---|---|
//! | `entry.rs` | one event of `tracing`, taken apart |
//! | `output.rs`, `rate.rs` | lines to standard error, and how many of a kind |
//! | `flight.rs` | the last events, written to a file |
//! | `trouble.rs` | looks for losses and failures, says them and has the file written |
//!
//! Threads of the data path never log: they count, and what they count is looked at from here.

mod entry;
mod flight;
mod output;
mod rate;
mod trouble;

pub(crate) use flight::FlightRecorder;
pub(crate) use trouble::watch;

use clap::ValueEnum;
use output::Output;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Sentences.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which lines are written; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogLevel {
    /// What ended in failure.
    Error,
    /// What may cost samples.
    Warn,
    /// What has happened.
    #[default]
    Info,
    /// What goes on.
    Debug,
}

impl LogLevel {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

/// From now on events of this process are written, and the last of them kept, whatever their level.
pub(crate) fn start(format: LogFormat, level: LogLevel) -> FlightRecorder {
    let flight = FlightRecorder::default();
    let layers = tracing_subscriber::registry()
        .with(Output::new(format, std::io::stderr()).with_filter(level.filter()))
        .with(flight.clone().with_filter(LevelFilter::DEBUG));
    // Refused when somebody has set one already: then that one hears everything.
    let _ = tracing::subscriber::set_global_default(layers);
    flight
}
