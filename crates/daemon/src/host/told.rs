//! What clients of `/ws/control` are told without asking: snapshot, change, state.

use super::State;
use crate::document::Document;
use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

/// A message for every client of `/ws/control`, encoded once.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) Utf8Bytes);

impl Told {
    pub(super) fn snapshot(revision: u64, state: State, document: &Document) -> Self {
        Self::of(&json!({
            "type": "snapshot", "revision": revision, "state": state.name(), "config": document.to_json(),
        }))
    }

    /// The patch is what became of the document, defaults filled in: a client that applies it has what
    /// `GET /pipeline` shows.
    pub(super) fn change(revision: u64, before: &Document, after: &Document) -> Self {
        let patch = json_patch::diff(&before.to_json(), &after.to_json());
        Self::of(&json!({ "type": "change", "revision": revision, "patch": patch }))
    }

    pub(super) fn state(state: State) -> Self {
        Self::of(&json!({ "type": "state", "state": state.name() }))
    }

    fn of(message: &Value) -> Self {
        Self(message.to_string().into())
    }
}
