//! Events as lines, on standard error.

use super::LogFormat;
use super::entry::Entry;
use super::rate::{Rate, Verdict};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Writes lines, and no more of a kind than can be read.
#[derive(Debug)]
pub(super) struct Output<W> {
    format: LogFormat,
    /// Together, so that lines stay whole.
    to: Mutex<(Rate<Identifier>, W)>,
}

impl<W> Output<W> {
    pub(super) fn new(format: LogFormat, to: W) -> Self {
        Self { format, to: Mutex::new((Rate::default(), to)) }
    }
}

impl<S: Subscriber, W: Write + Send + 'static> Layer<S> for Output<W> {
    fn on_event(&self, event: &Event<'_>, _ctx: Context<'_, S>) {
        let entry = Entry::of(event);
        let (rate, to) = &mut *self.to.lock().unwrap_or_else(PoisonError::into_inner);
        // An error is the last thing a daemon says; it is never one too many.
        let verdict = match entry.level {
            Level::ERROR => Verdict::Write { left_out: 0 },
            _ => rate.take(event.metadata().callsite(), entry.time_unix_ns),
        };
        let Verdict::Write { left_out } = verdict else { return };
        // Nobody is left to be told that standard error is gone.
        let _ = writeln!(to, "{}", line(&entry, self.format, left_out));
    }
}

fn line(entry: &Entry, format: LogFormat, left_out: u64) -> String {
    match format {
        LogFormat::Json => {
            let mut object = json!(entry);
            if left_out > 0 {
                object["left_out"] = Value::from(left_out);
            }
            object.to_string()
        }
        LogFormat::Text => {
            let kind = if entry.level == Level::WARN { "warning: " } else { "" };
            let more = if left_out > 0 {
                format!(" ({left_out} more like this were left out)")
            } else {
                String::new()
            };
            format!("eegd: {kind}{}{more}", entry.message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tracing_subscriber::layer::SubscriberExt;

    /// Where a test can read what was written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_warnings_is_cut_off_and_drowns_neither_other_lines_nor_errors() {
        let paper = Paper::default();
        let layers =
            tracing_subscriber::registry().with(Output::new(LogFormat::Json, paper.clone()));
        tracing::subscriber::with_default(layers, || {
            for n in 0..1000 {
                tracing::warn!(n, "the same again");
            }
            tracing::warn!("another");
            for _ in 0..50 {
                tracing::error!("the last thing");
            }
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let count = |message: &str| lines.iter().filter(|line| line["message"] == message).count();
        assert_eq!(count("the same again"), 20, "{text}");
        assert_eq!((count("another"), count("the last thing")), (1, 50));
        let numbers: Vec<u64> = lines.iter().filter_map(|line| line["n"].as_u64()).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "the first ones");
    }

    #[test]
    fn text_for_people_and_one_json_object_for_journals() {
        let mut entry = Entry {
            time_unix_ns: 7,
            level: Level::WARN,
            message: "a \"loss\"\nof 5".to_owned(),
            fields: vec![("stage", "notch".into()), ("lost_frames", 5.into())],
        };
        let text = "eegd: warning: a \"loss\"\nof 5 (3 more like this were left out)";
        assert_eq!(line(&entry, LogFormat::Text, 3), text);
        let json_line = line(&entry, LogFormat::Json, 3);
        assert!(!json_line.contains('\n'), "{json_line}");
        let expected = json!({
            "time_unix_ns": 7, "level": "warning", "message": "a \"loss\"\nof 5",
            "stage": "notch", "lost_frames": 5, "left_out": 3,
        });
        assert_eq!(serde_json::from_str::<Value>(&json_line).unwrap(), expected);
        entry.level = Level::INFO;
        assert_eq!(line(&entry, LogFormat::Text, 0), "eegd: a \"loss\"\nof 5");
    }
}
