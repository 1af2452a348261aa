//! Stages as the pipeline file names them: a kind and its parameters.

use crate::bench::stages::Node;
use plugin_api::{DynDesc, Registry, StageInitCtx};
use serde_json::Value;

/// The stage `kind` with `params`, to be put into a graph.
///
/// # Panics
/// When there is no such kind, or the parameters are wrong.
pub fn node(kind: &str, params: &Value) -> Node {
    let registry = Registry::default().with(stages_builtin::STAGES).expect("each kind once");
    let entry = *registry.get(kind).expect("the kind exists");
    let desc = parse(&entry, params);
    let ctx = StageInitCtx { offline: true, ..StageInitCtx::in_folder(".") };
    Node::new(entry.role, move |inputs| desc.build(inputs, &ctx))
}

/// The parameters as a description that can be built.
///
/// # Panics
/// When the parameters are wrong.
pub fn parse(entry: &plugin_api::StageEntry, params: &Value) -> Box<dyn DynDesc> {
    entry.parse(params).expect("the parameters are right")
}
