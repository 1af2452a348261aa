//! The chain as FutureSDR blocks on one worker; an item is a frame.

#[path = "../../turns.rs"]
mod turns;

use anyhow::Result;
use futuresdr::blocks::{Apply, Head, Sink, Source};
use futuresdr::prelude::*;
use futuresdr::runtime::scheduler::SmolScheduler;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use turns::{ALL_FRAMES, FRAMES, Section, WARM_UP, codes, folder, frame, microvolts, sections};

/// What the sink has seen: when its clock started and stopped, or the samples.
#[derive(Default)]
struct Seen {
    times: Vec<Instant>,
    samples: Vec<f32>,
}

fn graph<const N: usize>(order: usize, frames: usize, keep: bool) -> Result<Seen>
where
    [i32; N]: Default,
    [f32; N]: Default,
{
    let folder = folder();
    let codes = codes::<N>(&folder);
    let mut all = sections(&folder, order).into_iter().map(Section::<N>::new);
    let mut notch: Vec<Section<N>> = all.by_ref().take(1).collect();
    let mut band: Vec<Section<N>> = all.collect();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut at = 0;
    let source = Source::new(move || {
        let row = codes[at];
        at = (at + 1) % ALL_FRAMES;
        row
    });
    let head = Head::<[i32; N]>::new(frames as u64);
    let volts = Apply::new(|x: &[i32; N]| microvolts(x));
    let notch = Apply::new(move |x: &[f32; N]| frame(&mut notch, x));
    let band = Apply::new(move |x: &[f32; N]| match &mut band[..] {
        // A known number of sections is unrolled.
        s @ [_, _] => frame(s, x),
        s @ [_, _, _, _] => frame(s, x),
        s => frame(s, x),
    });
    let (mut count, seen_by_sink) = (0, Arc::clone(&seen));
    let sink = Sink::new(move |x: &[f32; N]| {
        count += 1;
        if keep {
            seen_by_sink.lock().expect("nobody panics with it").samples.extend_from_slice(x);
        } else if count == WARM_UP * FRAMES || count == frames {
            seen_by_sink.lock().expect("nobody panics with it").times.push(Instant::now());
        }
        std::hint::black_box(x);
    });
    let mut fg = Flowgraph::new();
    connect!(fg, source > head > volts > notch > band > sink);
    Runtime::with_scheduler(SmolScheduler::with_config(1, false)).run(fg)?;
    Ok(std::mem::take(&mut *seen.lock().expect("nobody panics with it")))
}

fn run(channels: usize, order: usize, frames: usize, keep: bool) -> Seen {
    let seen = if channels == 8 { graph::<8>(order, frames, keep) } else { graph::<16>(order, frames, keep) };
    seen.expect("the flowgraph runs")
}

fn main() {
    futuresdr::runtime::config::set("ctrlport_enable", false);
    turns::answer(
        |channels, order, packets| {
            let times = run(channels, order, (WARM_UP + packets) * FRAMES, false).times;
            (times[1] - times[0]).as_nanos() as f64 / (packets * FRAMES * channels) as f64
        },
        |channels, order| run(channels, order, ALL_FRAMES, true).samples,
    );
}
