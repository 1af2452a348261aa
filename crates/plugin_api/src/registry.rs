//! The open table of stage kinds: a value, not a global; anybody's rows can be added.

use crate::desc::{DynDesc, StageDesc};
use crate::params::{self, ParamsError};
use crate::policy::StagePolicy;
use pipeline_core::Role;
use serde_json::Value;

/// One row: everything that is known about a kind of stage. Plain function pointers, so a table is data.
#[derive(Clone, Copy)]
pub struct StageEntry {
    /// The key in the pipeline file.
    pub kind: &'static str,
    /// Where it stands in a graph.
    pub role: Role,
    /// How many inputs it takes: least and most.
    pub inputs: (usize, usize),
    /// What happens when it fails and the file does not say.
    pub policy: StagePolicy,
    parse: fn(&Value) -> Result<Box<dyn DynDesc>, Vec<ParamsError>>,
    schema: fn() -> Value,
    example: fn() -> Value,
}

impl StageEntry {
    /// The row of a kind.
    pub const fn of<D: StageDesc>() -> Self {
        Self {
            kind: D::KIND,
            role: D::ROLE,
            inputs: D::INPUTS,
            policy: D::POLICY,
            parse: |value| params::parse::<D>(value).map(|desc| Box::new(desc) as Box<dyn DynDesc>),
            schema: || schemars::schema_for!(D).to_value(),
            example: || {
                serde_json::to_value(D::example())
                    .expect("parameters are plain data with text keys")
            },
        }
    }

    /// Parameters from JSON.
    ///
    /// # Errors
    /// Every mistake.
    pub fn parse(&self, params: &Value) -> Result<Box<dyn DynDesc>, Vec<ParamsError>> {
        (self.parse)(params)
    }

    /// The parameters' JSON Schema, doc comments included.
    pub fn schema(&self) -> Value {
        (self.schema)()
    }

    /// Parameters as somebody would write them.
    pub fn example(&self) -> Value {
        (self.example)()
    }
}

impl std::fmt::Debug for StageEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StageEntry")
            .field("kind", &self.kind)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Two rows name the same kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two stages are registered as `{0}`")]
pub struct DuplicateKind(pub &'static str);

/// All kinds of stage a program knows.
///
/// ```
/// let registry = plugin_api::Registry::default();
/// assert!(registry.get("notch").is_none());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Vec<StageEntry>,
}

impl Registry {
    /// This registry and the rows of a table.
    ///
    /// # Errors
    /// [`DuplicateKind`] when a kind is there already.
    pub fn with(mut self, table: &[StageEntry]) -> Result<Self, DuplicateKind> {
        for entry in table {
            if self.get(entry.kind).is_some() {
                return Err(DuplicateKind(entry.kind));
            }
            self.entries.push(*entry);
        }
        Ok(self)
    }

    /// The row of a kind.
    pub fn get(&self, kind: &str) -> Option<&StageEntry> {
        self.entries.iter().find(|entry| entry.kind == kind)
    }

    /// Every row, in the order of the tables.
    pub fn entries(&self) -> &[StageEntry] {
        &self.entries
    }
}
