//! What the sources were set to, written into recordings: a file that has lost its folder still says how it was made.

use super::operator::{Operator, now_ns};
use crate::document::{Document, StageDoc};
use pipeline_core::{Event, EventKind};
use serde_json::{Map, Value};

/// Most characters: with more, an annotation would be written in parts.
const LONGEST: usize = 300;

impl Operator {
    /// Tells the recorders, where one has come since `before`, or where a source has been set otherwise.
    pub(super) fn note_settings(&self, before: Option<&Document>) {
        let document = self.host.document();
        let of = |document: &Document| -> Vec<(String, String)> {
            let sources = document.stages.iter().filter(|(_, stage)| is_source(stage));
            sources.map(|(id, stage)| (id.clone(), settings(document, stage))).collect()
        };
        let now = of(&document);
        let known = |id: &String| before.is_some_and(|before| before.stages.contains_key(id));
        let recorders = || document.stages.iter().filter(|(_, stage)| is_recorder(stage));
        let has_come = recorders().any(|(id, _)| !known(id));
        let is_other =
            recorders().next().is_some() && before.is_some_and(|before| of(before) != now);
        if !(has_come || is_other) {
            return;
        }
        for (id, settings) in now {
            let mut event = Event::new(EventKind::Board, now_ns(), format!("settings: {settings}"));
            event.stage = Some(id.as_str().into());
            // A pipeline that has ended meanwhile has nobody to write it down.
            let _ = self.host.note(&event);
        }
    }
}

fn is_source(stage: &StageDoc) -> bool {
    stage.inputs.as_deref().is_some_and(<[_]>::is_empty)
}

/// A stage that is fed and writes a file.
fn is_recorder(stage: &StageDoc) -> bool {
    !is_source(stage) && stage.params.get("path").is_some()
}

/// The parameters of a source, and those of its board: `sps=500 gain=24 driver=simulated`.
fn settings(document: &Document, stage: &StageDoc) -> String {
    let board = stage.params.get("board").map(Value::to_string);
    let sensor = board.and_then(|board| document.sensors.get(board)).and_then(Value::as_object);
    let words = |of: Option<&Map<String, Value>>| -> Vec<String> {
        let given = of.into_iter().flatten().filter(|(_, value)| !value.is_null());
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        given.map(|(key, value)| format!("{key}={}", plain(value))).collect()
    };
    let mut all = vec![format!("kind={}", stage.kind)];
    all.extend(words(stage.params.as_object()));
    all.extend(words(sensor));
    let text = all.join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_board_and_what_is_asked_of_it_in_one_line() {
        let document = Document::from_json(&json!({
            "sensors": { "0": { "driver": "simulated", "reference": "srb1", "labels": ["Fp1", "Cz"] } },
            "stages": {
                "a": { "kind": "acquire", "inputs": [], "params": { "board": 0, "sps": 500, "gains": null, "input": "normal" } },
                "b": { "kind": "csv_sink", "inputs": ["a"], "params": { "path": "a.csv" } },
            },
        }))
        .unwrap();
        let (source, recorder) = (&document.stages["a"], &document.stages["b"]);
        assert!(is_source(source) && is_recorder(recorder) && !is_recorder(source));
        assert_eq!(
            settings(&document, source),
            "kind=acquire board=0 sps=500 input=normal driver=simulated reference=srb1 labels=[\"Fp1\",\"Cz\"]"
        );
    }
}
