//! The arguments, as `--help` shows them.
#![allow(
    clippy::doc_markdown,
    reason = "the doc comments are the text of --help, where back-ticks would show"
)]

use super::cli_ctl::{CtlOrder, Daemon};
use super::examples;
use crate::logs::{LogFormat, LogLevel};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// EEG from an ADC through a graph of stages to files and live clients.
///
/// Without a command, plays the built-in demo, a real recording, and serves it at http://127.0.0.1:8080.
#[derive(Debug, Parser)]
#[command(name = "eegd", version, args_conflicts_with_subcommands = true, after_help = examples::ALL)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) serve: Serve,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a pipeline and serve it; without PIPELINE, the built-in demo.
    #[command(after_help = examples::RUN)]
    Run {
        /// The pipeline file: .yaml, .toml or .json.
        pipeline: Option<PathBuf>,
        #[command(flatten)]
        serve: Serve,
    },
    /// Run a pipeline as fast as its source allows, without a server, then exit.
    #[command(after_help = examples::PROCESS)]
    Process {
        /// The pipeline file: .yaml, .toml or .json.
        pipeline: PathBuf,
        /// Plays this recording in the place of the pipeline's source. With a study's pipeline.yaml, the changes and events
        /// of the study come at the same samples again.
        #[arg(long, value_name = "RECORDING")]
        input: Option<PathBuf>,
        #[command(flatten)]
        data: Data,
    },
    /// Build a pipeline, print its graph (stages, groups, rates, delays), and drop it; or print every mistake in it.
    #[command(after_help = examples::CHECK)]
    Check {
        /// The pipeline file: .yaml, .toml or .json.
        pipeline: PathBuf,
        /// Change a parameter first, as in `--set notch.hz=50`.
        #[arg(long, value_name = "STAGE.PARAM=VALUE")]
        set: Vec<String>,
        /// Also print what each filter does to each frequency, and how long it takes to settle; --filters=1,10,50 chooses the frequencies.
        #[arg(long, value_name = "HZ,HZ...", num_args = 0.., require_equals = true, value_delimiter = ',')]
        filters: Option<Vec<f64>>,
    },
    /// Control an eegd that runs, over its API.
    #[command(after_help = examples::CTL)]
    Ctl {
        #[command(flatten)]
        daemon: Daemon,
        #[command(subcommand)]
        order: CtlOrder,
    },
    /// Measure what this machine can carry: wake-ups, hops, stages, and the whole chain until it no longer keeps up.
    #[command(after_help = examples::BENCH)]
    Bench(Bench),
    /// Tell whether this machine is ready: kernel, privileges, cores, SPI, GPIO, disk; and what to type where it is not.
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Tell what is in a recording: streams, gaps, annotations, and whether the file is whole.
    #[command(after_help = examples::INFO)]
    Info {
        /// The recording: EDF, BDF, XDF, CSV or OpenBCI text.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make an interrupted recording whole.
    #[command(after_help = examples::RECOVER)]
    Recover {
        /// The recording: EDF, BDF, XDF or CSV. It is changed in place, and only where it has to be.
        file: PathBuf,
    },
    /// Write a recording in another format.
    #[command(after_help = examples::CONVERT)]
    Convert(Conversion),
    /// Hand studies to other programs.
    #[command(after_help = examples::EXPORT)]
    Export {
        #[command(subcommand)]
        what: Export,
    },
    /// Write the manual pages, for packages.
    #[command(after_help = examples::MAN)]
    Man {
        /// The folder to write eegd.1, eegd-run.1 and the others into; made when it is not there.
        folder: PathBuf,
    },
    /// Write a shell's completions to standard output, for packages.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// List every kind of stage with its parameters.
    #[command(after_help = examples::STAGES)]
    Stages {
        /// Only these kinds.
        #[arg(value_name = "KIND")]
        kinds: Vec<String>,
        /// As JSON, with JSON Schema and example.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// As a BIDS dataset: the raw recordings and all that has to be beside them.
    #[command(after_help = examples::EXPORT)]
    Bids {
        /// Where the reference electrode was; without it what the study's pipeline tells of its boards.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        /// Frequency of the mains; without it that of the study's `notch` or `quality`.
        #[arg(long, value_name = "HZ", value_parser = ["50", "60"])]
        power_line_hz: Option<String>,
        /// The folders of studies, then the folder to make.
        #[arg(value_name = "STUDY... DEST", num_args = 2.., required = true)]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Conversion {
    /// The recording to read.
    pub(super) input: PathBuf,
    /// The file to make; its ending says the format: .bdf, .edf, .xdf or .csv.
    pub(super) output: PathBuf,
    /// Name or number of the stream; without it the first EEG stream, else the one with the most data.
    #[arg(long, value_name = "STREAM")]
    pub(super) stream: Option<String>,
    /// Where values have to be fitted into codes: from minus to plus this many microvolts; without it, what they need.
    #[arg(long, value_name = "UV")]
    pub(super) range_uv: Option<f64>,
    /// Coarsest step allowed in EDF, in microvolts.
    #[arg(long, value_name = "UV", default_value_t = 0.5)]
    pub(super) max_step_uv: f64,
}

#[derive(Debug, Args)]
pub(super) struct Data {
    /// The folder below which everything is written; made when it is needed.
    #[arg(long, value_name = "DIR", default_value = "eegd-data")]
    pub(super) data_dir: PathBuf,
    /// Change a parameter of the pipeline, as in `--set notch.hz=50`; may be given several times.
    #[arg(long, value_name = "STAGE.PARAM=VALUE")]
    pub(super) set: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one. Any address but loopback needs --token-file.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// A file with the secret that every request has to carry.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// A name, beside its address and localhost, under which it is asked for, such as rig.local; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(super) host_name: Vec<String>,
    /// The folder whose pipeline files are the presets; without it, those that ship with eegd.
    #[arg(long, value_name = "DIR")]
    pub(super) presets: Option<PathBuf>,
    /// Go on with the pipeline of the last shutdown (pipeline.yaml in the data dir), or of the last crash: then also with
    /// the study that was being recorded. Starts PIPELINE if there is neither.
    #[arg(long)]
    pub(super) resume: bool,
    /// The pipeline to run when the one asked for cannot be opened: a board is gone, a disk is full.
    #[arg(long, value_name = "PIPELINE")]
    pub(super) fallback: Option<PathBuf>,
    /// How the lines on standard error look: sentences, or a JSON object each for a journal.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) log_format: LogFormat,
    /// Which lines are written: errors, warnings too, what has happened too, or everything.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t)]
    pub(super) log_level: LogLevel,
    #[command(flatten)]
    pub(super) data: Data,
}

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Take half a minute instead of five.
    #[arg(long)]
    pub(super) quick: bool,
    /// Also write the figures to a file, for --compare.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Say what has changed since another run, beyond the noise of both.
    #[arg(long, value_name = "OLD.json")]
    pub(super) compare: Option<PathBuf>,
    /// Also draw them.
    #[arg(long, value_name = "FILE.svg")]
    pub(super) plot: Option<PathBuf>,
    /// The folder in which recordings are made and removed again: choose the disk.
    #[arg(long, value_name = "DIR", default_value = "eegd-data")]
    pub(super) data_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// A pipeline whose sensors are tried too: opened, and their conversions counted for three seconds.
    pub(super) pipeline: Option<PathBuf>,
    /// Where the daemon is to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    #[command(flatten)]
    pub(super) data: Data,
    /// As JSON.
    #[arg(long)]
    pub(super) json: bool,
}
