//! `eegd info` and `eegd recover`: what is in a recording, and making an interrupted one whole.

use super::Failed;
use anyhow::{Context, anyhow};
use eeg_formats::{Format, FormatError, Inspection, open_path, recover as recover_file};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// Prints streams, gaps, annotations and what is wrong with a file.
pub(super) fn info(path: &Path) -> Result<(), Failed> {
    let mut recording = open_path(path).map_err(failed)?;
    let bar = bar();
    let inspection = Inspection::of(&mut recording, |done| show(&bar, done)).map_err(failed)?;
    bar.finish_and_clear();
    let mut text = inspection.to_string();
    for annotation in recording.annotations() {
        let annotation = annotation.map_err(failed)?;
        let length = annotation.duration_s.map_or_else(String::new, |s| format!(" ({s} s)"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>14.6} s  {}{length}", annotation.onset_s, annotation.text);
    }
    match io::stdout().write_all(text.as_bytes()) {
        // `eegd info rec.bdf | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.context("cannot write to standard output")?,
    }
    Ok(())
}

/// Makes a file whole, with the table of events beside it, and says what was done.
pub(super) fn recover(path: &Path) -> Result<(), Failed> {
    let done = recover_file(path).map_err(failed)?;
    let mut all = vec![(path.to_path_buf(), done)];
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let events = path.with_file_name(format!("{stem}_events.tsv"));
    if all[0].1.format == Format::Csv && events != path && events.exists() {
        let done = recover_file(&events).map_err(failed)?;
        all.push((events, done));
    }
    for (path, done) in all {
        let [before, after] = done.bytes;
        if done.changes.is_empty() {
            println!("{}: whole already, nothing was changed", path.display());
        } else {
            println!("{}: whole again, {after} bytes of {before}", path.display());
            done.changes.iter().for_each(|change| println!("  {change}"));
        }
    }
    Ok(())
}

/// A file that is no recording is the user's mistake, a disk that fails is not.
pub(super) fn failed(error: FormatError) -> Failed {
    match error {
        FormatError::Io { ref source, .. } if source.kind() != io::ErrorKind::NotFound => {
            Failed::Other(anyhow!(error))
        }
        error => Failed::Input(error.to_string()),
    }
}

/// Steps of a bar.
const STEPS: u64 = 1000;

/// A bar for something of which a fraction is done; nothing where nobody looks.
pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left") {
        bar.set_style(style);
    }
    bar
}

pub(super) fn show(bar: &ProgressBar, done: f64) {
    bar.set_position((done * STEPS as f64) as u64);
}
