//! Lines of real stages in the real executor, put together without a file.

use anyhow::anyhow;
use pipeline_core::executor::{Group, Running, start};
use pipeline_core::graph::{BuildNode, NodeDesc, check};
use pipeline_core::{Built, ConfigError, ErrorAction, Inputs, Role};
use plugin_api::{DynDesc, Registry, StageInitCtx};
use serde_json::Value;

type Make = Box<dyn Fn(&Inputs<'_>) -> Result<Built, Vec<ConfigError>>>;

/// A stage to be put into a line.
pub(super) struct Node {
    id: String,
    role: Role,
    group: &'static str,
    make: Make,
}

impl Node {
    /// A stage built by a closure, on the thread of `group`.
    pub(super) fn new(
        id: &str,
        role: Role,
        group: &'static str,
        make: impl Fn(&Inputs<'_>) -> Result<Built, Vec<ConfigError>> + 'static,
    ) -> Self {
        Self { id: id.to_owned(), role, group, make: Box::new(make) }
    }

    /// A stage of the registry, as a pipeline file would name it.
    pub(super) fn of_kind(
        kind: &str,
        params: &Value,
        group: &'static str,
        registry: &Registry,
        ctx: &StageInitCtx,
    ) -> anyhow::Result<Self> {
        let entry = registry.get(kind).ok_or_else(|| anyhow!("there is no stage kind `{kind}`"))?;
        let desc: Box<dyn DynDesc> = entry
            .parse(params)
            .map_err(|errors| anyhow!("the parameters of `{kind}` are wrong: {errors:?}"))?;
        let ctx = ctx.clone();
        Ok(Self::new(kind, entry.role, group, move |inputs| desc.build(inputs, &ctx)))
    }

    /// The same under another name, where a kind occurs twice.
    pub(super) fn named(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }
}

impl BuildNode for Node {
    fn role(&self) -> Role {
        self.role
    }

    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>> {
        (self.make)(inputs)
    }
}

/// Starts a line of stages, each fed by the nearest one above that has an output; or by the one that `inputs`
/// names for it; the threads are scheduled as `groups` ask.
pub(super) fn begin(
    line: &[Node],
    inputs: &[(&str, &str)],
    groups: &[Group],
) -> anyhow::Result<Running> {
    let descs = line.iter().map(|node| NodeDesc {
        id: node.id.clone(),
        inputs: inputs.iter().find(|(id, _)| *id == node.id).map(|(_, of)| vec![(*of).to_owned()]),
        group: Some(node.group.to_owned()),
        policy: Box::new(ErrorAction::Fatal),
        build: node,
    });
    let wrong = |errors: Vec<pipeline_core::graph::GraphError>| {
        let words: Vec<String> =
            errors.iter().map(|e| format!("{}: {}", e.path, e.message)).collect();
        anyhow!(words.join("; "))
    };
    start(check(descs.collect()).map_err(wrong)?, groups).map_err(wrong)
}

/// Runs a line to its end.
pub(super) fn run(line: &[Node]) -> anyhow::Result<()> {
    let outcome = begin(line, &[], &[])?.wait();
    match outcome.failures.first() {
        Some(failure) => Err(anyhow!("{}: {}", failure.stage, failure.message)),
        None => Ok(()),
    }
}
