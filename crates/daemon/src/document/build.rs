//! From a document to a checked graph, with the mistakes of all stages in one go.

use super::model::{Document, StageDoc};
use super::record;
use pipeline_core::graph::{BuildNode, CheckedGraph, GraphError, NodeDesc, check, nearest};
use pipeline_core::{Built, ConfigError, Inputs, Role};
use plugin_api::{DynDesc, Registry, StageEntry, StageInitCtx, StagePolicy};
use std::sync::Arc;

/// A document that builds, and what it builds.
#[derive(Debug)]
pub struct Checked {
    /// The document with everything explicit: inputs by name, group, policy, parameters with their defaults.
    pub document: Document,
    /// The graph: nothing is open yet.
    pub graph: CheckedGraph,
}

/// Builds every stage and opens none. `sensors` of `ctx` are those of the document.
///
/// # Errors
/// Every mistake found, each once: unknown kinds, parameters, wiring, what stages are fed.
pub fn build(
    document: &Document,
    registry: &Registry,
    ctx: &StageInitCtx,
) -> Result<Checked, Vec<GraphError>> {
    let ctx = StageInitCtx { sensors: Arc::new(document.sensors.clone()), ..ctx.clone() };
    let mut errors = Vec::new();
    let mut above = false;
    let nodes: Vec<Node<'_>> = document
        .stages
        .iter()
        .map(|(id, stage)| {
            let node = Node::new(id, stage, registry, &ctx, above, &mut errors);
            above |= node.role != Role::Sink;
            node
        })
        .collect();
    let descs = document.stages.iter().zip(&nodes).map(|((id, stage), node)| NodeDesc {
        id: id.clone(),
        inputs: stage.inputs.clone(),
        group: stage.group.clone(),
        policy: Box::new(stage.on_error.unwrap_or(node.policy)),
        build: node,
    });
    let graph = check(descs.collect());
    if let Ok(graph) = &graph {
        errors.extend(record::check(document, graph));
    }
    match graph {
        Ok(graph) if errors.is_empty() => {
            Ok(Checked { document: explicit(document, &nodes, &graph), graph })
        }
        Ok(_) => Err(errors),
        Err(more) => {
            errors.extend(more);
            Err(errors)
        }
    }
}

/// One stage, as far as it is known.
struct Node<'a> {
    role: Role,
    inputs: (usize, usize),
    policy: StagePolicy,
    ctx: &'a StageInitCtx,
    parsed: Parsed,
}

enum Parsed {
    Good(Box<dyn DynDesc>),
    /// Parameters are wrong; the example stands in, to see whether its inputs suit the kind.
    Example(Option<Box<dyn DynDesc>>),
}

impl<'a> Node<'a> {
    fn new(
        id: &str,
        stage: &StageDoc,
        registry: &Registry,
        ctx: &'a StageInitCtx,
        above: bool,
        errors: &mut Vec<GraphError>,
    ) -> Self {
        let Some(entry) = registry.get(&stage.kind) else {
            let (message, meant) = unknown_kind(&stage.kind, registry);
            errors.push(GraphError::new(format!("/stages/{id}/kind"), message));
            let first = if above { Role::Transform } else { Role::Source };
            let role = meant.map_or(first, |entry| entry.role);
            let policy = StagePolicy::default_for(role);
            return Self {
                role,
                inputs: (0, usize::MAX),
                policy,
                ctx,
                parsed: Parsed::Example(None),
            };
        };
        let parsed = match entry.parse(&stage.params) {
            Ok(desc) => Parsed::Good(desc),
            Err(mistakes) => {
                errors.extend(mistakes.into_iter().map(|mistake| {
                    let path = format!("/stages/{id}/params/{}", mistake.path);
                    GraphError::new(path.trim_end_matches('/'), mistake.message)
                }));
                Parsed::Example(entry.parse(&entry.example()).ok())
            }
        };
        Self { role: entry.role, inputs: entry.inputs, policy: entry.policy, ctx, parsed }
    }
}

/// What to say of a kind that there is not, and the stage that was probably meant.
pub(crate) fn unknown_kind<'r>(
    kind: &str,
    registry: &'r Registry,
) -> (String, Option<&'r StageEntry>) {
    let near = nearest(kind, registry.entries().iter().map(|entry| entry.kind));
    let hint = near.map_or_else(
        || "`eegd stages` lists them".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    (format!("there is no stage kind `{kind}`; {hint}"), near.and_then(|near| registry.get(near)))
}

impl BuildNode for Node<'_> {
    fn role(&self) -> Role {
        self.role
    }

    fn inputs(&self) -> (usize, usize) {
        self.inputs
    }

    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>> {
        match &self.parsed {
            Parsed::Good(desc) => desc.build(inputs, self.ctx),
            Parsed::Example(Some(desc)) if self.role != Role::Source => {
                let mistakes = desc.build(inputs, self.ctx).err().unwrap_or_default();
                Err(mistakes
                    .into_iter()
                    .filter(|mistake| matches!(mistake, ConfigError::Input(_)))
                    .collect())
            }
            Parsed::Example(_) => Err(Vec::new()),
        }
    }
}

/// The document with what the check resolved.
fn explicit(document: &Document, nodes: &[Node<'_>], graph: &CheckedGraph) -> Document {
    let mut full = document.clone();
    for (stage, node) in full.stages.values_mut().zip(nodes) {
        stage.on_error = Some(stage.on_error.unwrap_or(node.policy));
        if let Parsed::Good(desc) = &node.parsed {
            stage.params = desc.params();
        }
    }
    for node in &graph.nodes {
        if let Some(stage) = full.stages.get_mut(&node.id) {
            stage.inputs =
                Some(node.inputs.iter().map(|input| graph.nodes[*input].id.clone()).collect());
            stage.group = Some(node.group.clone());
        }
        full.groups.entry(node.group.clone()).or_default();
    }
    full
}
