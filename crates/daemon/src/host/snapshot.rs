//! What `GET /pipeline` shows: state, revision, document, and the figures of every stage.

use super::{Host, Inner};
use crate::document::Document;
use pipeline_core::clock::{Clock, monotonic_ns};
use pipeline_core::executor::{Failure, StageInfo};
use pipeline_core::telemetry::{HistogramSnapshot, Ledger, StageState};
use pipeline_core::{SourceAccount, StreamSpec};
use serde_json::{Map, Value, json};

impl Host {
    /// `{state, revision, config, stages: {id: status}, …}`. Does not wait: it runs on a network thread.
    pub(crate) fn snapshot(&self) -> Value {
        let state = *self.state.borrow();
        let (revision, document, about, running, not_opened) = {
            let Inner { revision, document, about, running, not_opened, .. } = &*self.lock();
            (*revision, document.clone(), about.clone(), running.clone(), not_opened.clone())
        };
        let infos = running.as_ref().map(|running| running.stages());
        let infos = infos.as_deref().unwrap_or_default();
        let stages: Map<String, Value> = infos
            .iter()
            .map(|stage| (stage.id.to_string(), stage_status(stage, infos, &document)))
            .collect();
        let mut failures: Vec<Value> = running
            .map_or_else(Vec::new, |running| running.failures().iter().map(failure).collect());
        failures.extend(not_opened.iter().map(|e| json!({ "path": e.path, "message": e.message })));
        let config = document.to_json();
        json!({
            "state": state.name(),
            "revision": revision,
            "reason": about.reason,
            "origin": about.origin,
            "overrides": json_patch::diff(&about.base.to_json(), &config),
            "gap_ms": about.gap_ms,
            "time_ns": Clock::now().unix_ns(monotonic_ns()),
            "config": config,
            "stages": stages,
            "failures": failures,
            "scheduling": self.scheduling(),
        })
    }
}

/// The stage whose failure closed this one: the nearest upstream that failed.
fn closed_by<'s>(
    stage: &'s StageInfo,
    infos: &'s [StageInfo],
    document: &'s Document,
) -> Option<&'s str> {
    let mut wanted: Vec<&str> = vec![&stage.id];
    let mut seen = 0;
    while let Some(id) = wanted.get(seen).copied() {
        seen += 1;
        let info = infos.iter().find(|info| &*info.id == id)?;
        match info.stats.state() {
            StageState::Running => {}
            StageState::Failed => return Some(id),
            StageState::Ended => {
                let inputs = document.stages.get(id).and_then(|stage| stage.inputs.as_ref());
                let inputs = inputs.into_iter().flatten().map(String::as_str);
                let new: Vec<&str> = inputs.filter(|input| !wanted.contains(input)).collect();
                wanted.extend(new);
            }
        }
    }
    None
}

impl Host {
    /// The ledger of the pipeline that runs, or ran last.
    pub(crate) fn ledger(&self) -> Ledger {
        let running = self.lock().running.clone();
        running.map_or_else(Ledger::default, |running| running.ledger())
    }
}

fn stage_status(stage: &StageInfo, infos: &[StageInfo], document: &Document) -> Value {
    let stats = &stage.stats;
    let output = stage.output.as_ref();
    json!({
        "state": match stats.state() {
            StageState::Running => "running",
            StageState::Ended => "ended",
            StageState::Failed => "failed",
        },
        "closed_by": closed_by(stage, infos, document),
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
        "source": stats.account().map(|account| source(&**account)),
        "queue_packets": stats.queue_depth.load(std::sync::atomic::Ordering::Relaxed),
        "process_ns": quantiles(&stats.process_ns.snapshot()),
        "age_ns": quantiles(&stats.age_ns.snapshot()),
    })
}

/// What a source counts of its device: all it acquired is in `frames_out` or in `lost`, by cause.
fn source(account: &dyn SourceAccount) -> Value {
    let lost: Map<String, Value> =
        account.lost().into_iter().map(|(cause, n)| (cause.to_owned(), n.into())).collect();
    let figures: Map<String, Value> =
        account.figures().into_iter().map(|(name, x)| (name.to_owned(), x.into())).collect();
    json!({ "acquired": account.acquired(), "lost": lost, "figures": figures })
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
