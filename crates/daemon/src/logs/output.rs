//! Events as lines on standard error.

use super::LogFormat;
use super::entry::Entry;
use super::rate::{Rate, Verdict};
use serde_json::Value;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Writes lines.
#[derive(Debug)]
pub(super) struct Output {
    format: LogFormat,
    rate: Mutex<Rate<Identifier>>,
}

impl Output {
    pub(super) fn new(format: LogFormat) -> Self {
        Self { format, rate: Mutex::default() }
    }
}

impl<S: Subscriber> Layer<S> for Output {
    fn on_event(&self, event: &Event<'_>, _ctx: Context<'_, S>) {
        let entry = Entry::of(event);
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        // An error is the last thing a daemon says; it is never one too many.
        let verdict = match entry.level {
            Level::ERROR => Verdict::Write { left_out: 0 },
            _ => rate.take(event.metadata().callsite(), entry.time_unix_ns),
        };
        let Verdict::Write { left_out } = verdict else { return };
        let line = line(&entry, self.format, left_out);
        // Under the lock, so that lines stay whole. Nobody is left to be told that standard error is gone.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn line(entry: &Entry, format: LogFormat, left_out: u64) -> String {
    match format {
        LogFormat::Json => {
            let mut object = entry.to_json();
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
    use serde_json::json;

    #[test]
    fn text_for_people_and_one_json_object_for_journals() {
        let fields = json!({ "stage": "notch", "lost_frames": 5 });
        let mut entry = Entry {
            time_unix_ns: 7,
            level: Level::WARN,
            message: "a \"loss\"\nof 5".to_owned(),
            fields: fields.as_object().unwrap().clone(),
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
