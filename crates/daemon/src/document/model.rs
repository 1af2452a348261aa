//! The merged document: what a pipeline file says, without its places. This is what is patched, compared and served.

use super::format::Format;
use super::read;
use super::record::StudyForm;
use super::tree::Node;
use indexmap::IndexMap;
use pipeline_core::executor::Wait;
use pipeline_core::graph::GraphError;
use plugin_api::{Registry, StagePolicy};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A pipeline, described.
///
/// As it was written, or with every default filled in, as [`build`](super::build) returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// What the pipeline is called.
    pub name: Option<String>,
    /// Boards by number, a mapping; empty when the file says nothing.
    pub sensors: Value,
    /// Settings of groups of threads, by name.
    pub groups: IndexMap<String, GroupDoc>,
    /// The study that begins when the pipeline starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<StudyForm>,
    /// Stages by id, in the order of the file.
    pub stages: IndexMap<String, StageDoc>,
}

/// Settings of one group of threads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GroupDoc {
    /// The cores its threads are pinned to; empty means any.
    pub cores: Vec<usize>,
    /// Their real-time priority, 1 to 99; `None` means the normal policy.
    pub priority: Option<u8>,
    /// How they wait for packets.
    #[serde(serialize_with = "by_name")]
    pub wait: Wait,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it serializes by reference"
)]
fn by_name<S: Serializer>(wait: &Wait, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(wait.name())
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageDoc {
    /// Its kind.
    pub kind: String,
    /// Ids of the stages that feed it; `None` means the nearest above it that has an output.
    pub inputs: Option<Vec<String>>,
    /// Its group of threads; `None` means the default of its role.
    pub group: Option<String>,
    /// What happens when it fails; `None` means the default of its kind.
    pub on_error: Option<StagePolicy>,
    /// Its parameters, a mapping.
    pub params: Value,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            name: None,
            sensors: Value::Object(serde_json::Map::new()),
            groups: IndexMap::new(),
            record: None,
            stages: IndexMap::new(),
        }
    }
}

impl Document {
    /// `{"name", "sensors", "groups", "stages": {ID: {"kind", "inputs", "group", "on_error", "params"}}}`, and `"record"` where
    /// there is one.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a document is plain data with text keys")
    }

    /// The document in such a value, after a patch for instance.
    ///
    /// # Errors
    /// Every mistake in its form; kinds and parameters are looked at by [`build`](super::build).
    pub fn from_json(value: &Value) -> Result<Self, Vec<GraphError>> {
        let read = read::document(&Node::from_value(value), Format::Json, &Registry::default());
        if read.found.is_empty() {
            return Ok(read.document);
        }
        Err(read.found.into_iter().map(|found| found.error).collect())
    }
}
