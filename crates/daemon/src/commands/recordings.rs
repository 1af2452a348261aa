//! `eegd info` and `eegd recover`: what is in a recording, and making an interrupted one whole.

use super::Failed;
use anyhow::{Context, anyhow};
use eeg_formats::{Annotation, Format, FormatError, GapKind, Inspection, open_path, recover_with};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// Prints streams, gaps, annotations and what is wrong with a file, for people or as JSON.
pub(super) fn info(path: &Path, as_json: bool) -> Result<(), Failed> {
    let mut recording = open_path(path).map_err(failed)?;
    let bar = bar();
    let inspection = Inspection::of(&mut recording, |done| show(&bar, done)).map_err(failed)?;
    bar.finish_and_clear();
    let annotations: Vec<Annotation> =
        recording.annotations().collect::<Result<_, _>>().map_err(failed)?;
    let text = if as_json {
        let value = to_json(&inspection, &annotations);
        serde_json::to_string_pretty(&value).context("cannot write JSON")? + "\n"
    } else {
        to_text(&inspection, &annotations)
    };
    match io::stdout().write_all(text.as_bytes()) {
        // `eegd info rec.bdf | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.context("cannot write to standard output")?,
    }
    Ok(())
}

fn to_text(inspection: &Inspection, annotations: &[Annotation]) -> String {
    let mut text = inspection.to_string();
    for Annotation { onset_s, duration_s, text: what, .. } in annotations {
        let length = duration_s.map_or_else(String::new, |s| format!(" ({s} s)"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{onset_s:>14.6} s  {what}{length}");
    }
    text
}

fn to_json(inspection: &Inspection, annotations: &[Annotation]) -> Value {
    let Inspection { info, streams, declared, problems, .. } = inspection;
    let streams = info.streams.iter().zip(streams).map(|(stream, found)| {
        let channel = |c: &eeg_formats::ChannelInfo| json!({ "label": c.label, "unit": c.unit, "gain": c.gain });
        json!({
            "name": stream.name,
            "is_eeg": stream.is_eeg,
            "rate_hz": stream.rate_hz,
            "frames": found.frames,
            "channels": stream.channels.iter().map(channel).collect::<Vec<_>>(),
            "gaps": found.gaps.iter().map(|(index, count)| json!({ "index": index, "count": count })).collect::<Vec<_>>(),
            "gap_count": found.gap_count,
            "missing": found.lost,
        })
    });
    let declared = declared.iter().map(|gap| {
        let kind = if gap.kind == GapKind::Lost { "lost" } else { "padding" };
        json!({ "kind": kind, "index": gap.index, "count": gap.count, "cause": gap.cause })
    });
    let annotation = |a: &Annotation| json!({ "onset_s": a.onset_s, "duration_s": a.duration_s, "text": a.text });
    json!({
        "name": info.name,
        "format": info.format.to_string(),
        "duration_s": info.duration_s,
        "measured": inspection.measured(),
        "lost": inspection.lost(),
        "streams": streams.collect::<Vec<_>>(),
        "declared": declared.collect::<Vec<_>>(),
        "annotations": annotations.iter().map(annotation).collect::<Vec<_>>(),
        "problems": problems,
        "is_whole": problems.is_empty(),
    })
}

/// Makes a file whole, with the table of events beside it, and says what was done.
pub(super) fn recover(path: &Path) -> Result<(), Failed> {
    let bar = bar();
    let watched = bar.clone();
    let done = recover_with(path, move |done| show(&watched, done)).map_err(failed)?;
    bar.finish_and_clear();
    let mut all = vec![(path.to_path_buf(), done)];
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let events = path.with_file_name(format!("{stem}_events.tsv"));
    if all[0].1.format == Format::Csv && events != path && events.exists() {
        let done = recover_with(&events, |_| ()).map_err(failed)?;
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
