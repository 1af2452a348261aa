//! What `GET /pipeline` shows: state, revision, document, and the figures of every stage.

use super::Host;
use crate::api::PipelineStatus;
use pipeline_core::StreamSpec;
use pipeline_core::executor::{Failure, StageInfo};
use pipeline_core::telemetry::{HistogramSnapshot, StageState};
use serde_json::{Map, Value, json};

impl PipelineStatus for Host {
    fn snapshot(&self) -> Value {
        let state = *self.state.borrow();
        let (revision, config, running, not_opened) = {
            let inner = self.lock();
            (
                inner.revision,
                inner.document.to_json(),
                inner.running.clone(),
                inner.not_opened.clone(),
            )
        };
        let stages = running.as_ref().map_or_else(Map::new, |running| {
            running
                .stages()
                .iter()
                .map(|stage| (stage.id.to_string(), stage_status(stage)))
                .collect()
        });
        let mut failures: Vec<Value> = running
            .map_or_else(Vec::new, |running| running.failures().iter().map(failure).collect());
        failures.extend(not_opened.iter().map(|e| json!({ "path": e.path, "message": e.message })));
        json!({
            "state": state.name(),
            "revision": revision,
            "config": config,
            "stages": stages,
            "failures": failures,
        })
    }
}

fn stage_status(stage: &StageInfo) -> Value {
    let stats = &stage.stats;
    let output = stage.output.as_ref();
    json!({
        "state": match stats.state() {
            StageState::Running => "running",
            StageState::Ended => "ended",
            StageState::Failed => "failed",
        },
        "role": stage.role.name(),
        "group": stage.group,
        "rate_hz": output.map(|spec| spec.rate_hz),
        "channels": output.map(StreamSpec::channels),
        "delay_s": output.map(|spec| spec.delay_s),
        "packets_in": stats.packets_in.get(),
        "packets_out": stats.packets_out.get(),
        "frames_in": stats.frames_in.get(),
        "frames_out": stats.frames_out.get(),
        "lost_frames": stats.lost_frames.get(),
        "overflow_frames": stats.overflow_frames.get(),
        "dropped_frames": stats.dropped_frames.get(),
        "errors": stats.errors.get(),
        "skipped_packets": stats.skipped_packets.get(),
        "queue_packets": stats.queue_depth.load(std::sync::atomic::Ordering::Relaxed),
        "process_ns": quantiles(&stats.process_ns.snapshot()),
        "age_ns": quantiles(&stats.age_ns.snapshot()),
    })
}

/// `null` until something was measured.
fn quantiles(histogram: &HistogramSnapshot) -> Value {
    let Some(p50) = histogram.quantile(0.5) else { return Value::Null };
    json!({ "count": histogram.count(), "p50": p50, "p99": histogram.quantile(0.99), "max": histogram.max })
}

fn failure(failure: &Failure) -> Value {
    json!({
        "stage": failure.stage,
        "message": failure.message,
        "action": failure.action.name(),
        "at_sample": failure.at_sample,
        "times": failure.times,
    })
}
