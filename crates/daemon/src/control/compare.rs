//! Which stages of a document are described differently in another.

use crate::document::{Document, StageDoc};
use serde_json::Value;
use std::collections::HashSet;

/// Ids of stages in both documents whose kind, parameters, policy or board differ. What differs in wiring or streams the
/// executor finds itself.
pub(crate) fn changed(before: &Document, after: &Document) -> HashSet<String> {
    let differs = |id: &str, new: &StageDoc| {
        let Some(old) = before.stages.get(id) else { return false };
        (&old.kind, &old.params, old.on_error) != (&new.kind, &new.params, new.on_error)
            || board(before, old) != board(after, new)
    };
    after.stages.iter().filter(|(id, new)| differs(id, new)).map(|(id, _)| id.clone()).collect()
}

/// What `sensors` says about the board that a stage names.
fn board<'d>(document: &'d Document, stage: &StageDoc) -> Option<&'d Value> {
    let number = stage.params.get("board")?.as_u64()?;
    document.sensors.get(number.to_string())
}

/// The stages that a restart of `id` makes anew: itself, and whatever else of its branch is dead.
pub(super) fn dead_around(
    id: &str,
    document: &Document,
    is_dead: impl Fn(&str) -> bool,
) -> HashSet<String> {
    let feeds = |from: &str, to: &str| {
        let inputs = document.stages.get(to).and_then(|stage| stage.inputs.as_ref());
        inputs.is_some_and(|inputs| inputs.iter().any(|input| input == from))
    };
    let mut anew = HashSet::from([id.to_owned()]);
    let mut edge = vec![id.to_owned()];
    while let Some(here) = edge.pop() {
        for other in document.stages.keys().filter(|other| is_dead(other)) {
            if (feeds(&here, other) || feeds(other, &here)) && anew.insert(other.clone()) {
                edge.push(other.clone());
            }
        }
    }
    anew
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(hz: f64, driver: &str) -> Document {
        Document::from_json(&json!({
            "sensors": { "0": { "driver": driver }, "1": { "driver": "simulated" } },
            "stages": {
                "a": { "kind": "acquire", "inputs": [], "params": { "board": 0 } },
                "b": { "kind": "acquire", "inputs": [], "params": { "board": 1 } },
                "notch": { "kind": "notch", "inputs": ["a"], "params": { "hz": hz } },
                "sink": { "kind": "csv_sink", "inputs": ["notch"] },
                "other": { "kind": "csv_sink", "inputs": ["a"] },
            },
        }))
        .unwrap()
    }

    fn set(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn parameters_and_boards_count() {
        let before = document(50.0, "simulated");
        assert_eq!(changed(&before, &before), set(&[]));
        assert_eq!(changed(&before, &document(60.0, "simulated")), set(&["notch"]));
        assert_eq!(changed(&before, &document(50.0, "ads1299")), set(&["a"]));
        let mut other = before.clone();
        other.stages.shift_remove("b");
        assert_eq!(changed(&before, &other), set(&[]));
    }

    #[test]
    fn a_restart_takes_the_dead_of_the_branch_along() {
        let document = document(50.0, "simulated");
        let dead = |id: &str| ["notch", "sink"].contains(&id);
        for id in ["notch", "sink"] {
            assert_eq!(dead_around(id, &document, dead), set(&["notch", "sink"]));
        }
        assert_eq!(dead_around("other", &document, dead), set(&["other"]));
        assert_eq!(dead_around("notch", &document, |_| false), set(&["notch"]));
    }
}
