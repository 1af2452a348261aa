//! `eegd doctor`: whether this machine is ready, line by line, and what to type where it is not.

mod checks;
mod disk;
mod facts;
mod finding;
mod sensors;
mod surroundings;
#[cfg(test)]
mod tests;

pub(super) use disk::nearest;

use super::Failed;
use super::cli::Doctor;
use super::load::prepare;
use crate::host::Surroundings;
use crate::machine::Root;
use crate::realtime::{lock_memory, may_stay_awake, try_priority};
use anyhow::Context;
use facts::{Facts, Trials};
use finding::{Finding, Verdict, to_text, worst};
use plugin_api::Registry;
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::net::TcpListener;
use std::sync::Arc;

/// Fails when something has to be put right; that something could be better is no failure.
pub(super) fn doctor(options: &Doctor, registry: Registry) -> Result<(), Failed> {
    let surroundings = Surroundings::new(Arc::new(registry), options.data.data_dir.clone());
    let pipeline = options.pipeline.as_deref();
    let candidate = pipeline
        .map(|path| prepare(Some(path), &options.data.set, None, &surroundings))
        .transpose()?;
    let root = Root::default();
    let trials = Trials {
        priority: try_priority(),
        memory: lock_memory(),
        may_stay_awake: may_stay_awake(&root),
        disk: disk::try_disk(&options.data.data_dir),
        data_dir: options.data.data_dir.clone(),
        listen: options.listen,
        port: TcpListener::bind(options.listen).map(drop).map_err(|error| error.kind()),
        sensors: candidate.map(|candidate| sensors::try_sensors(&candidate, &surroundings)),
    };
    let facts = Facts::read(&root);
    let findings = examine(&facts, &trials, &program());
    let text = if options.json {
        let all = json!({ "verdict": worst(&findings), "findings": findings });
        serde_json::to_string_pretty(&all).context("cannot write JSON")? + "\n"
    } else {
        to_text(&findings, wants_colours())
    };
    match io::stdout().write_all(text.as_bytes()) {
        // `eegd doctor | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.context("cannot write to standard output")?,
    }
    if worst(&findings) == Verdict::Fail { Err(Failed::Told) } else { Ok(()) }
}

/// Every finding, in the order in which things are best put right.
fn examine(facts: &Facts, trials: &Trials, program: &str) -> Vec<Finding> {
    let mut findings = checks::timing(facts, trials, program);
    findings.extend(surroundings::surroundings(facts, trials));
    findings
}

/// This program, as it has to be named to `setcap`.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "eegd".to_owned(), |path| path.display().to_string())
}

/// For people at a terminal who have not said otherwise (no-color.org).
fn wants_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}
