//! `eegd convert`: one stream of a recording into another format, with its gaps, annotations, times and scale.

use super::Failed;
use super::cli::Conversion;
use super::recordings::{bar, failed, show};
use anyhow::anyhow;
use convert_out::{Out, Plan};
use eeg_formats::{Annotation, Gap, Origin, Recording, SampleBlock, SampleKind, Start, open_path};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

#[path = "convert_out.rs"]
mod convert_out;

/// Frames read at a time.
const FRAMES: usize = 4096;

pub(super) fn convert(conversion: &Conversion) -> Result<(), Failed> {
    let Conversion { input, output, stream, range_uv, max_step_uv } = conversion;
    let format = output.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let format = format.to_ascii_lowercase();
    if !["bdf", "edf", "xdf", "csv"].contains(&format.as_str()) {
        return Err(Failed::Input(format!(
            "{}: the name of the new file has to end in .bdf, .edf, .xdf or .csv",
            output.display()
        )));
    }
    let mut recording = open_path(input).map_err(failed)?;
    recording.info().warnings.iter().for_each(|warning| eprintln!("eegd: warning: {warning}"));
    let number = recording.info().pick_stream(stream.as_deref()).map_err(failed)?;
    recording.leave_out_filler(number).map_err(failed)?;
    let notes = notes(&mut recording)?;
    let bar = bar();
    let info = recording.info().streams[number].clone();
    let plan = Plan {
        format: &format,
        start_ns: start_ns(&recording, &notes),
        patient: recording.info().patient.clone(),
        range_uv: match (*range_uv, needs_range(&format, &info)) {
            (None, true) => Some(reach_uv(&mut recording, number, &bar)?),
            (given, _) => given,
        },
        max_step_uv: *max_step_uv,
        stream: &info,
    };
    let file = create(output)?;
    let done = Out::begin(file, &plan)
        .and_then(|out| copy(&mut recording, number, out, &notes, |done| show(&bar, done)));
    bar.finish_and_clear();
    if done.is_err() {
        // Half of a recording under the name of all of it helps nobody.
        let _ = std::fs::remove_file(output);
    }
    let frames = done?;
    recording.warnings().iter().skip(recording.info().warnings.len()).for_each(|warning| {
        eprintln!("eegd: warning: {warning}");
    });
    eprintln!("{frames} frames of {} channels in {}", info.channels.len(), output.display());
    Ok(())
}

fn create(path: &Path) -> Result<File, Failed> {
    OpenOptions::new().write(true).create_new(true).mode(0o640).open(path).map_err(|error| {
        let message = format!("cannot make {}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Failed::Input(format!("{message}; nothing is overwritten, give another name"))
            }
            std::io::ErrorKind::NotFound => Failed::Input(message),
            _ => Failed::Other(anyhow!(message)),
        }
    })
}

/// All annotations in the order of time, but for those about gaps: those are written anew.
fn notes(recording: &mut Recording) -> Result<Vec<Annotation>, Failed> {
    let mut notes = Vec::new();
    for annotation in recording.annotations() {
        let annotation = annotation.map_err(failed)?;
        if Gap::parse(&annotation.text).is_none() {
            notes.push(annotation);
        }
    }
    notes.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
    Ok(notes)
}

/// The first sample's time, and by how much local time was ahead of UTC.
fn start_ns(recording: &Recording, notes: &[Annotation]) -> (i64, i32) {
    match notes.iter().find_map(|note| Origin::parse(&note.text)) {
        Some(origin) => (origin.start_unix_ns, origin.utc_offset_s),
        None => (recording.info().start.map_or(0, Start::unix_ns_as_utc), 0),
    }
}

/// Whether values have to be fitted into a range that nothing tells.
fn needs_range(format: &str, stream: &eeg_formats::StreamInfo) -> bool {
    let is_16_bit =
        || stream.channels.iter().all(|c| c.digital_min >= -32_768 && c.digital_max <= 32_767);
    match (format, stream.sample_kind) {
        ("edf", SampleKind::Codes) => !is_16_bit(),
        ("bdf" | "edf", SampleKind::Microvolts) => true,
        _ => false,
    }
}

/// The largest value there is, in microvolts.
fn reach_uv(
    recording: &mut Recording,
    stream: usize,
    bar: &indicatif::ProgressBar,
) -> Result<f64, Failed> {
    let channels = recording.info().streams[stream].channels.clone();
    let (mut block, mut reach) = (SampleBlock::new(), 0.0_f64);
    while recording.read(stream, FRAMES, &mut block).map_err(failed)?.is_some() {
        for frame in block.codes.chunks_exact(channels.len()) {
            for (channel, code) in channels.iter().zip(frame) {
                let uv = channel.microvolts_of(*code).unwrap_or_else(|| channel.physical(*code));
                reach = reach.max(uv.abs());
            }
        }
        for value in block.microvolts.iter().filter(|value| value.is_finite()) {
            reach = reach.max(f64::from(value.abs()));
        }
        show(bar, recording.fraction_read(stream) / 2.0);
    }
    recording.rewind().map_err(failed)?;
    let [_, reach] = eeg_formats::EdfChannel::range_that_holds(-reach, reach);
    Ok(reach)
}

fn copy(
    recording: &mut Recording,
    stream: usize,
    mut out: Out,
    notes: &[Annotation],
    progress: impl Fn(f64),
) -> Result<u64, Failed> {
    let info = recording.info().streams[stream].clone();
    let mut block = SampleBlock::new();
    let mut notes = notes.iter().peekable();
    let index_of = |note: &Annotation| (note.onset_s * info.rate_hz).round().max(0.0) as u64;
    let mut frames = 0;
    while let Some(chunk) = recording.read(stream, FRAMES, &mut block).map_err(failed)? {
        if chunk.lost_before > 0 {
            out.gap(chunk.lost_before)?;
        }
        let end = chunk.first_index + chunk.frames as u64;
        while let Some(note) = notes.next_if(|note| index_of(note) < end) {
            out.note(index_of(note), note, info.rate_hz)?;
        }
        out.append(&block, &info)?;
        frames += chunk.frames as u64;
        progress(recording.fraction_read(stream));
    }
    for note in notes {
        out.note(index_of(note), note, info.rate_hz)?;
    }
    out.close()?;
    Ok(frames)
}
