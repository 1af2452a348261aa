//! A stage's description: its parameters as plain data, and how to build it from them.

use crate::{StageInitCtx, StagePolicy};
use pipeline_core::{Built, ConfigError, Inputs, Role};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// The parameters of a kind of stage. The struct is the documentation: its doc comments become the reference,
/// the JSON Schema and the viewer's form.
///
/// Derive `Serialize, Deserialize, JsonSchema`, add `#[serde(deny_unknown_fields)]`, put units into names.
pub trait StageDesc:
    Serialize + DeserializeOwned + JsonSchema + Debug + Send + Sync + 'static
{
    /// The key in the pipeline file.
    const KIND: &'static str;
    /// Where it stands in a graph.
    const ROLE: Role;
    /// How many inputs it takes: least and most.
    const INPUTS: (usize, usize) = match Self::ROLE {
        Role::Source => (0, 0),
        Role::Transform | Role::Sink => (1, 1),
    };
    /// What happens when it fails and the file does not say.
    const POLICY: StagePolicy = StagePolicy::default_for(Self::ROLE);
    /// Whether its delay is the same at all frequencies, so that the declared delay can be measured.
    const LINEAR_PHASE: bool = true;
    /// Whether a channel that comes out is made of several that go in, so that one NaN reaches others.
    const MIXES_CHANNELS: bool = false;

    /// Parameters as somebody would write them, for documentation and conformance.
    fn example() -> Self;

    /// Builds the stage. Pure: reads at most the header of a file, opens no device, starts nothing.
    ///
    /// # Errors
    /// Every mistake in the parameters, or in what the stage is fed.
    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>>;
}

/// A description of any kind, once parsed.
pub trait DynDesc: Debug + Send + Sync {
    /// Its parameters with all defaults filled in.
    fn params(&self) -> Value;

    /// As [`StageDesc::build`].
    ///
    /// # Errors
    /// As [`StageDesc::build`].
    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>>;
}

impl<D: StageDesc> DynDesc for D {
    fn params(&self) -> Value {
        serde_json::to_value(self).expect("parameters are plain data with text keys")
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        StageDesc::build(self, inputs, ctx)
    }
}
