//! How fast a recording is decoded: `speed FILE [SECONDS]` plays it again and again from memory.

use eeg_formats::{SampleBlock, open};
use std::error::Error;
use std::io::Cursor;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: speed FILE [SECONDS]")?;
    let limit_s: f64 = arguments.next().map_or(Ok(2.0), |text| text.parse())?;
    let mut recording = open(Box::new(Cursor::new(std::fs::read(&path)?)), &path)?;
    let stream = recording.info().pick_stream(None)?;
    let channels = recording.info().streams[stream].channels.len();
    for frames in [3, 40, 1000] {
        let mut block = SampleBlock::new();
        let (mut samples, start) = (0, Instant::now());
        while start.elapsed().as_secs_f64() < limit_s {
            recording.rewind()?;
            while let Some(chunk) = recording.read(stream, frames, &mut block)? {
                samples += chunk.frames * channels;
            }
        }
        let million_per_s = samples as f64 / start.elapsed().as_secs_f64() / 1e6;
        println!("{frames:>5} frames a block: {million_per_s:7.1} million samples/s");
    }
    Ok(())
}
