//! `eegd man` and `eegd completions`: what packages put beside the program, made from its own command line.

use super::Failed;
use super::cli::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes `eegd.1` and a page for every command into a folder.
pub(super) fn man(folder: &Path) -> Result<(), Failed> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        clap_mangen::generate_to(Cli::command(), folder)
    };
    write().with_context(|| format!("cannot write the manual into {}", folder.display()))?;
    Ok(())
}

/// Writes what a shell needs to complete eegd's arguments to standard output.
pub(super) fn completions(shell: Shell) -> Result<(), Failed> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "eegd", &mut text);
    match io::stdout().write_all(&text) {
        // `eegd completions bash | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other.context("cannot write to standard output")?),
    }
}
