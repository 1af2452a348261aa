//! Events on their way: from stages to live clients, and back in band so that recorders write them down.

use crate::broker::WebSocketBroker;
use pipeline_core::executor::{ChangeError, Running};
use pipeline_core::{Event, EventKind};
use serde_json::{Map, Value};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often the relay looks whether the pipeline is still there.
const LOOK: Duration = Duration::from_secs(1);

/// How long an event may wait for room in the queues, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(2);

/// Starts the thread that passes on what stages report, until the pipeline is over.
pub(super) fn relay(running: &Arc<Running>, broker: Option<Arc<WebSocketBroker>>) {
    let Some(reports) = running.events() else { return };
    let running: Weak<Running> = Arc::downgrade(running);
    let relay = move || {
        loop {
            let event = match reports.recv_timeout(LOOK) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let Some(running) = running.upgrade() else { return };
            if let Some(event) = event {
                log(&event);
                if let Some(broker) = &broker {
                    broker.publish_event(fields(&event));
                }
                // A pipeline that is over, or stands still, has nobody to write it down.
                let _ = note(&running, &event);
            } else if running.is_over() {
                return;
            }
        }
    };
    // Without this thread nothing is lost but the reports, and a machine that has no thread left says so elsewhere.
    let _ = std::thread::Builder::new().name("events".to_owned()).spawn(relay);
}

/// What a board or a recorder says is for the log; the rest is many, and kept for when something goes wrong.
fn log(event: &Event) {
    let (kind, text) = (event.kind.name(), &event.text);
    let (stage, sample) = (event.stage.as_deref(), event.sample);
    if matches!(event.kind, EventKind::Board | EventKind::Recording) {
        // A board speaks for whoever reads it.
        let whose = stage.map(|stage| format!("`{stage}`: ")).unwrap_or_default();
        tracing::info!(kind, stage, sample, "{whose}{text}");
    } else {
        tracing::debug!(kind, stage, sample, "{text}");
    }
}

/// Tells every stage in band; waits while the queues hold as many events as they can.
pub(super) fn note(running: &Running, event: &Event) -> Result<(), ChangeError> {
    let began = Instant::now();
    loop {
        match running.note(event.clone()) {
            Err(ChangeError::Behind { .. }) if began.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// An event as live clients get it.
pub(super) fn fields(event: &Event) -> Map<String, Value> {
    let Event { kind, time_ns, duration_s, text, stage, sample, channel } = event;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            fields.insert(key.to_owned(), value);
        }
    };
    put("event", kind.name().into());
    put("time_ns", (*time_ns).into());
    put("duration_s", (*duration_s).into());
    put("text", text.as_str().into());
    put("stage", stage.as_deref().into());
    put("sample", (*sample).into());
    put("channel", channel.as_deref().into());
    fields
}
