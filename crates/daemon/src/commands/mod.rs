//! The command line: what eegd can be asked, and the exit code of each answer.

mod bench;
mod bids;
mod check;
mod cli;
mod cli_ctl;
mod client;
mod convert;
mod ctl;
mod doctor;
mod examples;
mod ledger_text;
mod load;
mod manual;
mod process;
mod recordings;
mod replay;
mod report;
mod resume;
mod run;
mod stages;

use crate::document::Format;
use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use cli::{Cli, Command, Export};
use plugin_api::{Registry, StageEntry};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
pub(crate) enum Failed {
    /// Arguments, a file or a pipeline are wrong: exit code 2. The text is complete.
    Input(String),
    /// Anything else: exit code 1.
    Other(anyhow::Error),
    /// Likewise, and what there is to say has been said.
    Told,
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Runs eegd with these tables of stages, as the command line says. Returns the exit code: 0 done, 2 the input is
/// wrong, 1 anything else.
pub fn main_with(tables: &[&[StageEntry]]) -> ExitCode {
    ExitCode::from(main_from(std::env::args_os(), tables))
}

/// As [`main_with`], with the arguments given (the first is the program's name) and the exit code as a number.
/// Arguments that cannot be understood, and `--help`, end the process.
pub fn main_from<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    tables: &[&[StageEntry]],
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => match pipeline_without_command(&error) {
            Some(message) => return fail(Failed::Input(message)),
            None => error.exit(),
        },
    };
    let mut registry = Registry::default();
    for table in tables {
        registry = match registry.with(table) {
            Ok(registry) => registry,
            Err(duplicate) => return fail(Failed::Other(duplicate.into())),
        };
    }
    let serve = cli.serve;
    let done = match cli.command.unwrap_or(Command::Run { pipeline: None, serve }) {
        Command::Run { pipeline, serve } => run::run(pipeline.as_deref(), &serve, registry),
        Command::Process { pipeline, input, data } => {
            process::process(&pipeline, input.as_deref(), &data, registry)
        }
        Command::Check { pipeline, set, filters } => {
            check::check(&pipeline, &set, filters.as_deref(), registry)
        }
        Command::Info { file, json } => recordings::info(&file, json),
        Command::Recover { file } => recordings::recover(&file),
        Command::Convert(conversion) => convert::convert(&conversion),
        Command::Export { what: Export::Bids { reference, power_line_hz, mut paths } } => {
            let dataset = paths.pop().unwrap_or_default();
            let power_line_hz = power_line_hz.and_then(|hz| hz.parse().ok());
            bids::export(&paths, &dataset, &bids::Told { reference, power_line_hz }, &registry)
        }
        Command::Man { folder } => manual::man(&folder),
        Command::Completions { shell } => manual::completions(shell),
        Command::Stages { kinds, json } => stages::stages(&kinds, json, &registry),
        Command::Bench(options) => bench::bench(&options, registry),
        Command::Doctor(options) => doctor::doctor(&options, registry),
        Command::Ctl { daemon, order } => ctl::ctl(&daemon, order),
    };
    match done {
        Ok(()) => 0,
        Err(failed) => fail(failed),
    }
}

/// What to type, for somebody who has named a pipeline where a command is expected.
fn pipeline_without_command(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    Format::of_file(Path::new(word)).map(|_| {
        format!("`{word}` is a pipeline, not a command: `eegd run {word}` runs it, `eegd check {word}` tells what is in it")
    })
}

fn fail(failed: Failed) -> u8 {
    match failed {
        Failed::Input(message) => {
            eprintln!("eegd: {message}");
            2
        }
        Failed::Other(error) => {
            eprintln!("eegd: {error:#}");
            1
        }
        Failed::Told => 1,
    }
}
