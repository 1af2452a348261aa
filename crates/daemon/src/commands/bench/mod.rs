//! `eegd bench`: what this machine can carry, measured with the real executor and the real stages.
//!
//! | file | what |
//! |---|---|
//! | `wake.rs` | how late a sleeping thread wakes up: the system's share |
//! | `parts.rs` | a hop between threads, each kind of stage |
//! | `chain.rs`, `knee.rs` | the whole chain at a rate; the highest rate it keeps up with |
//! | `rig.rs`, `line.rs`, `ends.rs` | what is measured with: server and clients, lines of stages, their two ends |
//! | `report.rs`, `compare.rs`, `plot.rs` | table, JSON, comparison, picture |

mod chain;
mod compare;
mod effort;
mod ends;
mod knee;
mod line;
mod measure;
mod parts;
mod plot;
mod report;
mod rig;
mod wake;

use super::Failed;
use super::cli::Bench;
use crate::machine::{self, Root};
use anyhow::{Context, anyhow};
use effort::Effort;
use indicatif::{ProgressBar, ProgressStyle};
use measure::Progress;
use plugin_api::Registry;
use report::{FORMAT, Report};
use rig::Rig;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn bench(options: &Bench, registry: Registry) -> Result<(), Failed> {
    // What is wrong with the arguments is said before anything is measured.
    let old = options.compare.as_deref().map(compare::read).transpose();
    let old = old.map_err(|error| Failed::Input(format!("{error:#}")))?;
    let root = Root::default();
    let load_before = machine::load_average(&root);
    let rig = Rig::new(registry, &super::doctor::nearest(&options.data_dir))?;
    let interrupted = watch_for_interrupts(&rig)?;
    let bar = Bar::new();
    let progress = Progress { interrupted: &interrupted, show: &|done, what| bar.show(done, what) };
    let measured = measure::measure(&rig, Effort::new(options.quick), &progress);
    rig.end();
    bar.0.finish_and_clear();
    let complete = !interrupted.load(Ordering::Acquire);
    let report = Report {
        format: FORMAT,
        eegd: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        quick: options.quick,
        complete,
        machine: machine_in_words(&root),
        load_before,
        rows: measured?,
    };
    print!("{}", report.to_text());
    if let Some(old) = &old {
        print!("{}", compare::compare(old, &report));
    }
    if let Some(path) = &options.json {
        write(path, &(serde_json::to_string_pretty(&report).context("cannot write JSON")? + "\n"))?;
    }
    if let Some(path) = &options.plot {
        write(path, &plot::svg(&report))?;
    }
    if complete { Ok(()) } else { Err(Failed::Other(anyhow!("interrupted"))) }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// True once somebody has pressed Ctrl-C.
fn watch_for_interrupts(rig: &Rig) -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let (mut interrupt, mut terminate) = rig.in_runtime(|| {
        Ok::<_, std::io::Error>((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    })?;
    rig.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        flag.store(true, Ordering::Release);
    });
    Ok(interrupted)
}

/// What has to be known beside the figures: as `eegd doctor` reads it.
fn machine_in_words(root: &Root) -> Vec<String> {
    let (model, cores, kernel) =
        (machine::model(root), machine::cores(root), machine::kernel(root));
    let cpu = model.cpu.map(|cpu| format!(", {cpu}")).unwrap_or_default();
    let mut governors: Vec<String> = machine::governors(root).into_iter().map(|(_, g)| g).collect();
    governors.sort();
    governors.dedup();
    let governor = if governors.is_empty() { "none".to_owned() } else { governors.join(", ") };
    let set_aside = match &cores.isolated[..] {
        [] => String::new(),
        isolated => format!(", {} set aside", machine::in_words(isolated)),
    };
    vec![
        format!(
            "{}{cpu}, {} cores{set_aside}, {}",
            model.name,
            cores.online.len(),
            std::env::consts::ARCH
        ),
        format!("Linux {}, {}; governor {governor}", kernel.release, kernel.preemption.name()),
    ]
}

/// A bar where somebody looks; nothing where nobody does.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, done: f64, what: &str) {
        self.0.set_position((done * 1000.0) as u64);
        self.0.set_message(what.to_owned());
    }
}
