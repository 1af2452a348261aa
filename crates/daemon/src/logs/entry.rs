//! One event of `tracing`, taken apart: when, how bad, what, and its fields.

use pipeline_core::clock::pair_ns;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// An event.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Nanoseconds since the Unix epoch.
    pub(super) time_unix_ns: i64,
    pub(super) level: Level,
    pub(super) message: String,
    /// A list, because hundreds are kept and most have few fields.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Entry {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut entry = Self {
            time_unix_ns: pair_ns().1,
            level: *event.metadata().level(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut entry);
        entry
    }

    /// As the text before the message says it.
    pub(super) const fn level_name(&self) -> &'static str {
        match self.level {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        self.fields.push((field.name(), value));
    }
}

/// One object; its own fields stand beside those that every event has.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("time_unix_ns", &self.time_unix_ns)?;
        object.serialize_entry("level", self.level_name())?;
        object.serialize_entry("message", &self.message)?;
        self.fields.iter().try_for_each(|(name, value)| object.serialize_entry(name, value))?;
        object.end()
    }
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.put(field, format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}
