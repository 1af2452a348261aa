//! A stage as somebody describes it: id, wiring, group, policy, and a way to build it.

use super::{ConfigError, FrequencyResponse, StreamSpec};
use crate::packet::PacketKind;
use crate::stage::{ErrorPolicy, SourceImpl, StageImpl};
use std::sync::Arc;

/// Where a stage stands in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Makes packets, takes none.
    Source,
    /// Takes packets, makes packets.
    Transform,
    /// Takes packets, makes none.
    Sink,
}

impl Role {
    /// The group a stage of this role belongs to unless told otherwise.
    pub const fn default_group(self) -> &'static str {
        match self {
            Self::Source => "acquire",
            Self::Transform => "dsp",
            Self::Sink => "sinks",
        }
    }

    /// How it is called in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Sink => "sink",
        }
    }
}

/// One stage of a graph to be checked.
pub struct NodeDesc<'a> {
    /// Unique name.
    pub id: String,
    /// Ids of the stages it takes packets from; `None` means the nearest stage above that has an output.
    pub inputs: Option<Vec<String>>,
    /// The thread group; `None` means the role's default.
    pub group: Option<String>,
    /// What to do when the stage fails.
    pub policy: Box<dyn ErrorPolicy>,
    /// Builds it.
    pub build: &'a dyn BuildNode,
}

/// Builds a stage from its inputs. Pure but for looking at files it is to read.
pub trait BuildNode {
    /// Where it stands in a graph.
    fn role(&self) -> Role;

    /// How many inputs it takes: least and most.
    fn inputs(&self) -> (usize, usize) {
        match self.role() {
            Role::Source => (0, 0),
            Role::Transform | Role::Sink => (1, 1),
        }
    }

    /// Builds the stage for these inputs.
    ///
    /// # Errors
    /// Every mistake found, as far as they can be told apart.
    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>>;
}

/// What a stage is fed, in the order of its `inputs`.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    streams: &'a [(&'a str, StreamSpec)],
}

impl<'a> Inputs<'a> {
    /// Names and streams of the stages above.
    pub const fn new(streams: &'a [(&'a str, StreamSpec)]) -> Self {
        Self { streams }
    }

    /// The one input of a stage with one.
    pub fn only(&self) -> &'a StreamSpec {
        &self.streams[0].1
    }

    /// All inputs: name of the stage above, and its stream.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, &'a StreamSpec)> + use<'a> {
        self.streams.iter().map(|(id, spec)| (*id, spec))
    }

    /// The one input, which must hold microvolts.
    ///
    /// # Errors
    /// [`ConfigError::Input`] that says which stage to put in between.
    pub fn microvolts(&self) -> Result<&'a StreamSpec, ConfigError> {
        let (id, spec) = &self.streams[0];
        if spec.kind.has_microvolts() {
            return Ok(spec);
        }
        Err(ConfigError::Input(format!(
            "needs microvolts, but `{id}` gives {}: put `to_voltage` between them",
            spec.kind
        )))
    }

    /// The one input, which must hold codes.
    ///
    /// # Errors
    /// [`ConfigError::Input`].
    pub fn codes(&self) -> Result<&'a StreamSpec, ConfigError> {
        let (id, spec) = &self.streams[0];
        if spec.kind.has_codes() {
            return Ok(spec);
        }
        Err(ConfigError::Input(format!(
            "needs {}, but `{id}` gives {}",
            PacketKind::RawI32,
            spec.kind
        )))
    }
}

/// A built stage and what comes out of it.
pub struct Built {
    pub(crate) body: Body,
    pub(crate) output: Option<StreamSpec>,
    pub(crate) response: Option<Arc<dyn FrequencyResponse>>,
}

pub(crate) enum Body {
    Source(Box<dyn SourceImpl>),
    Stage(Box<dyn StageImpl>),
}

impl Built {
    /// A source and the stream it makes.
    pub fn source(source: impl SourceImpl + 'static, output: StreamSpec) -> Self {
        Self { body: Body::Source(Box::new(source)), output: Some(output), response: None }
    }

    /// A transform, the stream it makes, and its own delay in samples of its input.
    pub fn transform(
        stage: impl StageImpl,
        input: &StreamSpec,
        output: StreamSpec,
        delay_samples: f64,
    ) -> Self {
        let delay_s = input.delay_s + delay_samples / input.rate_hz;
        let output = Some(StreamSpec { delay_s, ..output });
        Self { body: Body::Stage(Box::new(stage)), output, response: None }
    }

    /// The same with another delay since the source, for a stage whose inputs differ in theirs.
    #[must_use]
    pub fn with_delay_s(mut self, delay_s: f64) -> Self {
        if let Some(output) = &mut self.output {
            output.delay_s = delay_s;
        }
        self
    }

    /// The same with what it does to each frequency, for a linear stage.
    #[must_use]
    pub fn with_response(mut self, response: impl FrequencyResponse + 'static) -> Self {
        self.response = Some(Arc::new(response));
        self
    }

    /// A transform that leaves kind, rate and channels alone and declares no delay.
    pub fn same(stage: impl StageImpl, input: &StreamSpec) -> Self {
        Self::transform(stage, input, input.clone(), 0.0)
    }

    /// A sink.
    pub fn sink(stage: impl StageImpl) -> Self {
        Self { body: Body::Stage(Box::new(stage)), output: None, response: None }
    }

    /// The stream that comes out; `None` for a sink.
    pub const fn output(&self) -> Option<&StreamSpec> {
        self.output.as_ref()
    }

    /// What it does to each frequency, if it is a filter.
    pub const fn response(&self) -> Option<&Arc<dyn FrequencyResponse>> {
        self.response.as_ref()
    }

    /// The stage itself, for tests and live changes; `None` for a source.
    pub fn into_stage(self) -> Option<Box<dyn StageImpl>> {
        match self.body {
            Body::Stage(stage) => Some(stage),
            Body::Source(_) => None,
        }
    }

    /// The source itself, for tests; `None` for anything else.
    pub fn into_source(self) -> Option<Box<dyn SourceImpl>> {
        match self.body {
            Body::Source(source) => Some(source),
            Body::Stage(_) => None,
        }
    }
}

impl std::fmt::Debug for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Built").field("output", &self.output).finish_non_exhaustive()
    }
}
