//! The sensors of a pipeline, tried: opened, and their conversions counted for a few seconds.

use crate::control::Candidate;
use crate::document::Document;
use crate::host::{Host, Surroundings};
use pipeline_core::clock::monotonic_ns;
use pipeline_core::graph::{Node, NodeBody};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for a board at 250 samples/s to show half a per cent, had its edges no times.
const WATCHED: Duration = Duration::from_secs(3);
/// A board has as long to come up.
const COMES_UP: Duration = Duration::from_secs(10);

/// A source and what it did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sensor {
    /// The stage.
    pub(crate) stage: String,
    /// Its board or file, as it calls itself.
    pub(crate) name: String,
    /// Samples per second it was asked for.
    pub(crate) asked_hz: f64,
    pub(crate) outcome: Result<Counted, String>,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counted {
    /// Conversions per second by this machine's clock.
    pub(crate) rate_hz: f64,
    /// For how long they were counted.
    pub(crate) seconds: f64,
    /// What became no samples, by cause; only causes that occurred.
    pub(crate) lost: Vec<(&'static str, u64)>,
}

/// Runs the boards of a pipeline, one after the other, with nothing behind them.
pub(crate) fn try_sensors(candidate: &Candidate, surroundings: &Surroundings) -> Vec<Sensor> {
    let document = &candidate.prepared.checked.document;
    // Who counts what its device does has a device.
    let has_device =
        |node: &&Node| matches!(&node.body, NodeBody::Source(source) if source.account().is_some());
    let sensor = |node: &Node| {
        let spec = node.output.as_ref()?;
        Some(Sensor {
            stage: node.id.clone(),
            name: spec.sensor.name.clone(),
            asked_hz: spec.rate_hz,
            outcome: count(&alone(document, &node.id), candidate, surroundings),
        })
    };
    candidate.prepared.checked.graph.nodes.iter().filter(has_device).filter_map(sensor).collect()
}

/// The document with this stage and nothing else.
fn alone(document: &Document, id: &str) -> Document {
    let mut document = document.clone();
    document.stages.retain(|other, _| other == id);
    document
}

fn count(
    document: &Document,
    candidate: &Candidate,
    surroundings: &Surroundings,
) -> Result<Counted, String> {
    let lines = |mistakes: Vec<String>| mistakes.join("; ");
    let prepared = surroundings
        .prepare_document(document, &candidate.files)
        .map_err(|mistakes| lines(mistakes.iter().map(ToString::to_string).collect()))?;
    let host = Host::new(None);
    let running = host
        .start(prepared.checked)
        .map_err(|errors| lines(errors.iter().map(|error| error.message.clone()).collect()))?;
    let stats = Arc::clone(&running.stages()[0].stats);
    let conversions =
        || stats.account().map_or_else(|| stats.frames_out.get(), |account| account.acquired());
    let wait = || std::thread::sleep(Duration::from_millis(1));
    let tick = |than: u64, until_ns: u64| {
        let mut now = conversions();
        while now == than && monotonic_ns() < until_ns && !running.is_over() {
            wait();
            now = conversions();
        }
        (now, monotonic_ns())
    };
    // From one change of the count to another: so neither the start-up nor a packet's fill time is in it.
    let (first, began_ns) = tick(0, monotonic_ns() + COMES_UP.as_nanos() as u64);
    let end_ns = began_ns + WATCHED.as_nanos() as u64;
    let (mut last, mut ended_ns) = (first, began_ns);
    while ended_ns < end_ns && !running.is_over() {
        let (now, now_ns) = tick(last, end_ns);
        if now == last {
            break;
        }
        (last, ended_ns) = (now, now_ns);
    }
    let lost = stats.account().map_or_else(Vec::new, |account| account.lost());
    // By the kernel's times of the edges, where the board's clock has been measured by them: exact to parts per million.
    let by_edges = stats.account().and_then(|account| {
        account.figures().into_iter().find(|(name, _)| *name == "rate_hz").map(|(_, hz)| hz)
    });
    let failures = running.failures();
    host.drain();
    host.wait_until_over();
    if let Some(failure) = failures.first() {
        return Err(failure.message.clone());
    }
    if last == first {
        return Err(if first == 0 {
            "it was opened, but no conversion came".to_owned()
        } else {
            "it was opened, but it stopped after its first conversions".to_owned()
        });
    }
    let seconds = (ended_ns - began_ns) as f64 / 1e9;
    let rate_hz = by_edges.unwrap_or((last - first) as f64 / seconds);
    Ok(Counted { rate_hz, seconds, lost: lost.into_iter().filter(|(_, n)| *n > 0).collect() })
}
