//! The flight recorder: the last events, debug ones too, in memory, and in a file when something goes wrong.

use super::entry::Entry;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Events that are kept.
const EVENTS: usize = 512;
/// Between two files, at least.
const PAUSE_NS: i64 = 60_000_000_000;
/// Files that are kept; the oldest goes.
const FILES: usize = 20;
/// The folder in the data dir.
const FOLDER: &str = "flight";

/// The last events, shared by whoever writes and whoever dumps them.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlightRecorder(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Shared, so that writing them down needs no second copy.
    events: VecDeque<Arc<Entry>>,
    dumped_ns: Option<i64>,
}

/// What is in the file. It is written piece by piece: as one text it would take megabytes, at the worst of times.
#[derive(Debug, Serialize)]
struct Dump<'d> {
    reason: &'d str,
    time_unix_ns: i64,
    events: Vec<Arc<Entry>>,
    pipeline: &'d Value,
}

impl FlightRecorder {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the last events to a file below the data dir, with `reason` and the state of everything as it is now.
    /// `None` when that was done less than a minute ago: what goes wrong for an hour fills no disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn dump(
        &self,
        data_dir: &Path,
        now_unix_ns: i64,
        reason: &str,
        state: &Value,
    ) -> io::Result<Option<PathBuf>> {
        let events = {
            let mut inner = self.inner();
            let soon = |at: i64| (at..at.saturating_add(PAUSE_NS)).contains(&now_unix_ns);
            if inner.dumped_ns.is_some_and(soon) {
                return Ok(None);
            }
            inner.dumped_ns = Some(now_unix_ns);
            inner.events.iter().cloned().collect()
        };
        let folder = data_dir.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{}.json", crate::studies::compact_utc(now_unix_ns)));
        let dump = Dump { reason, time_unix_ns: now_unix_ns, events, pipeline: state };
        let mut text = BufWriter::new(File::create(&file)?);
        serde_json::to_writer_pretty(&mut text, &dump)?;
        text.write_all(b"\n")?;
        text.flush()?;
        thin_out(&folder)?;
        Ok(Some(file))
    }
}

impl<S: Subscriber> Layer<S> for FlightRecorder {
    fn on_event(&self, event: &Event<'_>, _ctx: Context<'_, S>) {
        let entry = Arc::new(Entry::of(event));
        let mut inner = self.inner();
        if inner.events.len() == EVENTS {
            inner.events.pop_front();
        }
        inner.events.push_back(entry);
    }
}

/// Removes the oldest files beyond [`FILES`]; their names are times, so their order is that of time.
fn thin_out(folder: &Path) -> io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let excess = files.len().saturating_sub(FILES);
    files[..excess].iter().try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt;

    const SECOND_NS: i64 = 1_000_000_000;

    #[test]
    fn the_last_events_are_in_the_file_once_a_minute_and_old_files_go() {
        let data_dir = tempfile::tempdir().unwrap();
        let flight = FlightRecorder::default();
        let layers = tracing_subscriber::registry().with(flight.clone());
        tracing::subscriber::with_default(layers, || {
            for n in 0..EVENTS + 3 {
                tracing::debug!(n, "it goes on");
            }
            tracing::warn!(stage = "notch", "it went wrong");
        });
        let dump = |at_s: i64| {
            flight.dump(data_dir.path(), at_s * SECOND_NS, "a test", &json!({ "state": "running" }))
        };
        let file = dump(100).unwrap().unwrap();
        assert_eq!(dump(159).unwrap(), None);
        let text = fs::read_to_string(file).unwrap();
        let dumped: Value = serde_json::from_str(&text).unwrap();
        let events = dumped["events"].as_array().unwrap();
        assert_eq!(events.len(), EVENTS);
        assert_eq!(events[0]["n"], 4, "the oldest have gone");
        let last = events.last().unwrap();
        assert_eq!((&last["message"], &last["stage"]), (&json!("it went wrong"), &json!("notch")));
        assert_eq!(
            (&dumped["reason"], &dumped["pipeline"]["state"]),
            (&json!("a test"), &json!("running"))
        );
        for minute in 2..40 {
            assert!(dump(100 + minute * 60).unwrap().is_some());
        }
        assert_eq!(fs::read_dir(data_dir.path().join(FOLDER)).unwrap().count(), FILES);
    }
}
