//! Writes recordings of samples made from a seed, for other programs to read.
//!
//! `write one FORMAT RATE_HZ CHANNELS FRAMES SEED NOTES GAPS FILE`, FORMAT being bdf, edf or xdf; or `write crashes FORMAT RATE_HZ
//! CHANNELS FRAMES SEED NOTES GAPS FOLDER COUNT`: for each of COUNT random bytes the file as a writer that stops there
//! leaves it (`N.bdf`), made whole (`N.whole.bdf`), and that file cut off at a byte and made whole (`N.cut.bdf`); prints
//! number, byte and samples given by then; or `write speed FORMAT RATE_HZ CHANNELS FRAMES SEED NOTES GAPS FILE`, which prints the
//! seconds it took.

#[path = "../tests/common/crash.rs"]
mod crash;

use crash::{Plan, crashes};
use eeg_formats::{recover, recover_copy};
use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

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
    let all: Vec<String> = std::env::args().skip(1).collect();
    let [what, format, rate_hz, channels, frames, seed, notes, gaps, to, rest @ ..] = &all[..]
    else {
        return Err("usage: write one|crashes|speed FORMAT RATE_HZ CHANNELS FRAMES SEED NOTES GAPS FILE [COUNT]".into());
    };
    let plan = Plan {
        format: format.clone(),
        rate_hz: rate_hz.parse()?,
        channels: channels.parse()?,
        frames: frames.parse()?,
        seed: seed.parse()?,
        notes: notes.parse()?,
        gaps: gaps.parse()?,
    };
    match what.as_str() {
        "crashes" => {
            let count = rest.first().ok_or("how many?")?.parse()?;
            write_crashes(&plan, Path::new(to), count)
        }
        "speed" => speed(&plan, to),
        _ => plan.write(File::create(to)?, |_| ()),
    }
}

fn write_crashes(plan: &Plan, folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let format = &plan.format;
    for (number, (byte, given, file)) in crashes(plan, count)?.into_iter().enumerate() {
        let path = folder.join(format!("{number}.{format}"));
        fs::write(&path, &file)?;
        // Before its header is there, it is no recording.
        let whole = folder.join(format!("{number}.whole.{format}"));
        let is_recording = recover_copy(&path, &whole).is_ok();
        let cut = folder.join(format!("{number}.cut.{format}"));
        fs::write(&cut, &file[..file.len() - (byte * 31) % (file.len() / 3 + 1)])?;
        let is_still = recover(&cut).is_ok();
        println!("{number}\t{byte}\t{given}\t{is_recording}\t{is_still}");
    }
    Ok(())
}

/// Packets of 10 ms made beforehand, so that only writing is timed.
fn speed(plan: &Plan, to: &str) -> Result<(), Box<dyn Error>> {
    use eeg_formats::{CivilDateTime, EdfChannel, EdfSpec, EdfWriter, SampleWidth};
    let channels =
        (0..plan.channels).map(|i| EdfChannel::adc(&format!("E{i}"), 187_500.0)).collect();
    let start = CivilDateTime::from_unix_ns(crash::START_NS, 0);
    let width = if plan.format == "edf" { SampleWidth::Edf16 } else { SampleWidth::Bdf24 };
    let codes: Vec<i32> =
        (0..1600).flat_map(|i| (0..plan.channels).map(move |c| plan.code(c, i))).collect();
    let began = Instant::now();
    let mut writer =
        EdfWriter::create(File::create(to)?, &EdfSpec::new(width, plan.rate_hz, channels, start))?;
    let packet = (plan.rate_hz / 100.0).ceil() as usize * plan.channels;
    for part in codes.chunks(packet).cycle().take(plan.frames as usize * plan.channels / packet) {
        writer.append(part)?;
    }
    writer.close()?;
    println!("{}", began.elapsed().as_secs_f64());
    Ok(())
}
