//! Prints one stream of a recording as CSV: `dump FILE [--stream NAME] [--info | --annotations]`.
//!
//! The first column is the sample index, lost samples counted; then the codes as stored, or microvolts for text.

use eeg_formats::{Recording, SampleBlock, open_path};
use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;
use std::process::ExitCode;

const FRAMES: usize = 4096;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path =
        arguments.next().ok_or("usage: dump FILE [--stream NAME] [--info | --annotations]")?;
    let mut recording = open_path(Path::new(&path))?;
    let (mut asked, mut what) = (None, String::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--stream" => {
                asked =
                    Some(arguments.next().ok_or("--stream needs the name or number of a stream")?)
            }
            "--info" | "--annotations" => what = argument,
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let mut out = BufWriter::new(stdout().lock());
    match what.as_str() {
        "--info" => info(&recording, &mut out)?,
        "--annotations" => annotations(&mut recording, &mut out)?,
        _ => samples(&mut recording, asked.as_deref(), &mut out)?,
    }
    out.flush()?;
    for warning in recording.warnings() {
        eprintln!("warning: {warning}");
    }
    Ok(())
}

/// One line a channel: stream, rate, frames, name, unit, scale and offset in the file's unit, separated by tabs.
fn info(recording: &Recording, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for (number, stream) in recording.info().streams.iter().enumerate() {
        for channel in &stream.channels {
            let frames = stream.frames.map_or(String::new(), |frames| frames.to_string());
            let (scale, offset) = (channel.scaling.scale, channel.scaling.offset);
            writeln!(
                out,
                "{number}\t{}\t{frames}\t{}\t{}\t{scale:?}\t{offset:?}",
                stream.rate_hz, channel.name, channel.unit
            )?;
        }
    }
    Ok(())
}

/// One line an annotation: onset, duration (may be empty), text, separated by tabs.
fn annotations(recording: &mut Recording, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for annotation in recording.annotations() {
        let annotation = annotation?;
        let duration = annotation.duration_s.map_or(String::new(), |s| s.to_string());
        writeln!(out, "{}\t{duration}\t{}", annotation.onset_s, annotation.text)?;
    }
    Ok(())
}

fn samples(
    recording: &mut Recording,
    asked: Option<&str>,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let stream = recording.info().pick_stream(asked)?;
    write!(out, "sample")?;
    for channel in &recording.info().streams[stream].channels {
        write!(out, ",{}", channel.name.replace(',', ";"))?;
    }
    writeln!(out)?;
    let mut block = SampleBlock::new();
    while let Some(chunk) = recording.read(stream, FRAMES, &mut block)? {
        for frame in 0..chunk.frames {
            write!(out, "{}", chunk.first_index + frame as u64)?;
            block.frame_codes(frame).iter().try_for_each(|code| write!(out, ",{code}"))?;
            block.frame_microvolts(frame).iter().try_for_each(|value| write!(out, ",{value}"))?;
            writeln!(out)?;
        }
    }
    Ok(())
}
