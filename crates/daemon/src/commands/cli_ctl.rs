//! The arguments of `eegd ctl`, as `--help` shows them.
#![allow(
    clippy::doc_markdown,
    reason = "the doc comments are the text of --help, where back-ticks would show"
)]

use super::examples;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Daemon {
    /// Where the daemon is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(super) url: String,
    /// A file with the daemon's token.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlOrder {
    /// Show what runs: state, stages, losses; as JSON with --json.
    #[command(after_help = examples::CTL_STATUS)]
    Status {
        /// All of it, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Start a pipeline file or a preset; with neither, the one there is from the beginning, changes kept.
    #[command(after_help = examples::CTL_START)]
    Start {
        /// The pipeline file: .yaml, .toml or .json.
        #[arg(conflicts_with = "preset")]
        pipeline: Option<PathBuf>,
        /// The name of a preset, see `eegd ctl presets`.
        #[arg(long, value_name = "NAME")]
        preset: Option<String>,
    },
    /// Deliver what is in flight, close the files, stop.
    #[command(after_help = examples::CTL_STOP)]
    Stop,
    /// Change parameters, all or none, as in `set notch.hz=50 notch.q=20`.
    #[command(after_help = examples::CTL_SET)]
    Set {
        /// What to change.
        #[arg(value_name = "STAGE.PARAM=VALUE", required = true)]
        set: Vec<String>,
    },
    /// Change the document by a JSON Patch.
    #[command(after_help = examples::CTL_PATCH)]
    Patch {
        /// The operations, a JSON array; `-` reads standard input.
        patch: String,
        /// Change only this revision.
        #[arg(long, value_name = "N")]
        if_revision: Option<u64>,
    },
    /// Add, remove or restart one stage.
    #[command(after_help = examples::CTL_STAGE)]
    Stage {
        #[command(subcommand)]
        order: CtlStage,
    },
    /// Set a marker in every recording and for every live client.
    #[command(after_help = examples::CTL_MARKER)]
    Marker {
        /// What happened.
        text: String,
        /// When, in nanoseconds since the Unix epoch, as frames have it; without it, now.
        #[arg(long, value_name = "NS")]
        time: Option<i64>,
    },
    /// Begin, end and list studies: recordings with all that is needed to repeat them.
    #[command(after_help = examples::CTL_STUDY)]
    Study {
        #[command(subcommand)]
        order: CtlStudy,
    },
    /// Show where every sample went: acquired, passed on, lost by cause; as JSON with --json.
    #[command(after_help = examples::CTL_LEDGER)]
    Ledger {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what can be listened to over /ws/data, with clients and losses.
    #[command(after_help = examples::CTL_TOPICS)]
    Topics,
    /// List the presets.
    #[command(after_help = examples::CTL_PRESETS)]
    Presets,
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlStage {
    /// Add a stage, as in `add fft --kind psd --after notch --params '{"window_s": 2}'`.
    #[command(after_help = examples::CTL_STAGE)]
    Add {
        /// Its name.
        id: String,
        /// Its kind, see `eegd stages`.
        #[arg(long)]
        kind: String,
        /// The stage it takes its samples from; without it the last that has an output.
        #[arg(long, value_name = "STAGE")]
        after: Option<String>,
        /// Its parameters, as JSON.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        params: String,
        /// What happens when it fails: fatal, drain_then_stop or skip_packet; without it, the default of its kind.
        #[arg(long, value_name = "POLICY")]
        on_error: Option<String>,
    },
    /// Remove a stage; those that it fed are fed by what fed it.
    #[command(after_help = examples::CTL_STAGE)]
    Remove {
        /// Its name.
        id: String,
    },
    /// Make a stage afresh, and whatever else of its branch is dead.
    #[command(after_help = examples::CTL_STAGE)]
    Restart {
        /// Its name.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlStudy {
    /// Begin a study: a folder, with a recording of every source.
    #[command(after_help = examples::CTL_STUDY)]
    Begin {
        /// Who is recorded: a code of letters and digits, no name.
        participant: String,
        /// What is done, letters and digits.
        #[arg(long, default_value = "rest")]
        task: String,
        /// What else there is to say.
        #[arg(long, value_name = "TEXT", default_value = "")]
        notes: String,
        /// A stage whose output is recorded too; may be given several times.
        #[arg(long, value_name = "STAGE")]
        record: Vec<String>,
    },
    /// End it: its files are closed, whole, with their checksums.
    #[command(after_help = examples::CTL_STUDY)]
    End,
    /// List all studies, the newest first.
    #[command(after_help = examples::CTL_STUDY)]
    List,
}
