//! `session_meta.json`: what a study was, in words and numbers that a program can read.

use crate::ledger::LedgerReport;
use crate::realtime::SchedulingReport;
use pipeline_core::SensorMeta;
use pipeline_core::executor::StageInfo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The state of a study that nobody has stopped.
pub(crate) const RECORDING: &str = "recording";
/// The state of a study that a crash has ended.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// A study.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SessionMeta {
    /// Its folder, relative to the data dir.
    pub(crate) study: String,
    /// Who was recorded: a code, letters and digits.
    pub(crate) participant: String,
    /// What was done: letters and digits.
    pub(crate) task: String,
    /// What else there is to say.
    #[serde(default)]
    pub(crate) notes: String,
    /// The study that this one goes on with, after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) continues: Option<String>,
    /// `recording`; `complete` once it has been stopped; `interrupted` when a crash was its end, and its files have been made whole.
    pub(crate) state: String,
    /// When it began, nanoseconds since the Unix epoch.
    pub(crate) started_unix_ns: i64,
    /// When it ended.
    #[serde(default)]
    pub(crate) stopped_unix_ns: Option<i64>,
    /// The program that recorded, with its version.
    pub(crate) software: String,
    /// The machine it ran on.
    pub(crate) machine: Machine,
    /// How the threads were scheduled when it began: what was asked for, and what the system gave.
    #[serde(default)]
    pub(crate) scheduling: Option<SchedulingReport>,
    /// The sensors as they were when it began.
    pub(crate) sensors: Vec<Value>,
    /// What was recorded.
    pub(crate) recordings: Vec<Recorded>,
    /// What was changed while it was recorded.
    #[serde(default)]
    pub(crate) changes: Vec<Change>,
    /// The figures of every stage at the end.
    #[serde(default)]
    pub(crate) stages: BTreeMap<String, Figures>,
    /// The ledger at the end: what was acquired, and where it is.
    #[serde(default)]
    pub(crate) ledger: Option<LedgerReport>,
    /// SHA-256 of every other file of the folder, at the end.
    #[serde(default)]
    pub(crate) checksums: BTreeMap<String, String>,
}

/// Where it ran.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Machine {
    /// Its name.
    pub(crate) host: String,
    /// Kernel and architecture.
    pub(crate) system: String,
}

/// One recording.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Recorded {
    /// The recorder, a stage.
    pub(crate) stage: String,
    /// The stage whose output it is.
    pub(crate) of: String,
    /// Index, as that stage counts, of the recording's first sample.
    pub(crate) first_sample: u64,
    /// Samples per second and channel.
    pub(crate) rate_hz: f64,
    /// Whether it holds what the source gave, from which the others can be computed again.
    pub(crate) is_raw: bool,
}

/// A change of the pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Change {
    /// The sample of the raw recording from which on it counts.
    pub(crate) at_sample: u64,
    /// Who wanted it.
    pub(crate) by: String,
    /// What is different, as JSON Patch on the merged document.
    pub(crate) patch: Value,
}

/// What is counted of a stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Figures {
    /// Frames that came in.
    pub(crate) frames_in: u64,
    /// Frames missing in what came in.
    pub(crate) lost_frames: u64,
    /// Frames it had to let go of.
    pub(crate) dropped_frames: u64,
    /// Times it failed.
    pub(crate) errors: u64,
    /// What a source measured: the rate of its clock, recoveries, by how much the system's clock was set meanwhile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) measured: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) fn of(stage: &StageInfo) -> Self {
        let stats = &stage.stats;
        Self {
            frames_in: stats.frames_in.get(),
            lost_frames: stats.lost_frames.get(),
            dropped_frames: stats.dropped_frames.get(),
            errors: stats.errors.get(),
            measured: stats.account().map_or_else(BTreeMap::new, |account| {
                let finite = account.figures().into_iter().filter(|(_, x)| x.is_finite());
                finite.map(|(name, x)| (name.to_owned(), x)).collect()
            }),
        }
    }
}

impl SessionMeta {
    /// What words in the paths of its recordings stand for.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        let names =
            [("study", &self.study), ("participant", &self.participant), ("task", &self.task)];
        names.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }
}

impl Machine {
    pub(crate) fn this() -> Self {
        let uname = rustix::system::uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        Self {
            host: text(uname.nodename()),
            system: format!(
                "{} {} {}",
                text(uname.sysname()),
                text(uname.release()),
                text(uname.machine())
            ),
        }
    }
}

/// A sensor as JSON.
pub(crate) fn sensor(meta: &SensorMeta) -> Value {
    let channel = |channel: &pipeline_core::ChannelMeta| {
        serde_json::json!({
            "label": channel.label,
            "unit": channel.unit,
            "gain": channel.gain,
            "unit_per_code": channel.unit_per_code,
            "unit_offset": channel.unit_offset,
        })
    };
    serde_json::json!({
        "sensor_id": meta.sensor_id,
        "meta_rev": meta.meta_rev,
        "name": meta.name,
        "vref_uv": meta.vref_uv,
        "channels": meta.channels.iter().map(channel).collect::<Vec<_>>(),
    })
}
