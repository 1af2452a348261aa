//! A JSON Patch (RFC 6902) on the merged document: read, applied to a copy, and told to others as a difference.

use super::refused::Refused;
use crate::document::{Document, Mistake};
use json_patch::{PatchErrorKind, PatchOperation, patch_unsafe};
use pipeline_core::graph::GraphError;
use serde_json::{Map, Number, Value};

/// The most operations of one patch, and the most values the document may hold while they are applied: `copy` could
/// double it each time.
const MAX_OPERATIONS: usize = 256;
const MAX_VALUES: usize = 20_000;

/// What a client wants changed, and of which revision it speaks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patch {
    pub(crate) operations: Vec<PatchOperation>,
    pub(crate) if_revision: Option<u64>,
}

impl Patch {
    /// Reads a bare array of operations, or an object with `patch` and perhaps `if_revision`.
    pub(crate) fn of(value: Value) -> Result<Self, Refused> {
        let (patch, if_revision) = match value {
            Value::Array(_) => (value, None),
            Value::Object(mut fields) => {
                let patch = fields.shift_remove("patch").unwrap_or_default();
                let if_revision = match fields.shift_remove("if_revision").unwrap_or_default() {
                    Value::Null => None,
                    Value::Number(n) if n.is_u64() => n.as_u64(),
                    other => {
                        let message =
                            format!("`if_revision` is the number of a revision, not {other}");
                        return Err(Refused::Malformed(message));
                    }
                };
                if let Some(other) = fields.keys().next() {
                    let message =
                        format!("beside `patch` there may be `if_revision`, not `{other}`");
                    return Err(Refused::Malformed(message));
                }
                (patch, if_revision)
            }
            _ => return Err(no_patch()),
        };
        let Value::Array(items) = patch else { return Err(no_patch()) };
        if items.len() > MAX_OPERATIONS {
            let message = format!("a patch has at most {MAX_OPERATIONS} operations");
            return Err(Refused::Malformed(message));
        }
        let read = |(i, item)| {
            serde_json::from_value(item).map_err(|error| {
                Refused::Malformed(format!("operation {} of the patch: {error}", i + 1))
            })
        };
        let operations = items.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { operations, if_revision })
    }

    /// The document after this patch, which may still be one that does not build.
    pub(crate) fn apply(&self, document: &Document) -> Result<Document, Refused> {
        let before = document.to_json();
        let mut after = before.clone();
        for (i, operation) in self.operations.iter().enumerate() {
            step(&mut after, operation).map_err(|kind| refusal(i, operation, &kind))?;
            if matches!(operation, PatchOperation::Copy(_)) && values(&after) > MAX_VALUES {
                let message = format!("a document holds at most {MAX_VALUES} values");
                return Err(mistake(operation, i, &message));
            }
        }
        for part in ["stages", "groups"] {
            if let (Some(before), Some(Value::Object(after))) =
                (before.get(part).and_then(Value::as_object), after.get_mut(part))
            {
                in_order_of(before, after);
            }
        }
        Document::from_json(&after)
            .map_err(|errors| Refused::Invalid(errors.into_iter().map(Mistake::from).collect()))
    }
}

fn no_patch() -> Refused {
    let message = r#"a patch is a JSON array of operations: [{"op": "replace", "path": "/stages/notch/params/hz", "value": 50}]"#;
    Refused::Malformed(message.to_owned())
}

fn step(document: &mut Value, operation: &PatchOperation) -> Result<(), PatchErrorKind> {
    // 60 and 60.0 are the same number (RFC 6902, section 4.6), which serde_json does not think.
    if let PatchOperation::Test(test) = operation {
        return match document.pointer(test.path.as_str()) {
            None => Err(PatchErrorKind::InvalidPointer),
            Some(found) if same(found, &test.value) => Ok(()),
            Some(_) => Err(PatchErrorKind::TestFailed),
        };
    }
    patch_unsafe(document, std::slice::from_ref(operation)).map_err(|error| error.kind)
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64())
}

fn refusal(i: usize, operation: &PatchOperation, kind: &PatchErrorKind) -> Refused {
    let path = operation.path().as_str();
    match kind {
        PatchErrorKind::TestFailed => Refused::TestFailed {
            path: path.to_owned(),
            message: format!(
                "operation {} of the patch: `{path}` is not what it tests for; nothing was changed",
                i + 1
            ),
        },
        PatchErrorKind::InvalidFromPointer => {
            mistake(operation, i, "there is nothing at its `from`")
        }
        PatchErrorKind::CannotMoveInsideItself => {
            mistake(operation, i, "a value cannot be moved into itself")
        }
        _ => mistake(operation, i, &format!("there is nothing at `{path}`")),
    }
}

fn mistake(operation: &PatchOperation, i: usize, message: &str) -> Refused {
    let message = format!("operation {} of the patch: {message}; nothing was changed", i + 1);
    Refused::Invalid(vec![GraphError::new(operation.path().as_str(), message).into()])
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(map) => map.values().map(values).sum(),
        _ => 0,
    }
}

/// Puts the entries that were there before into the order they had; new ones follow. Order says which stage is
/// "above" for `inputs` that are not named.
fn in_order_of(before: &Map<String, Value>, after: &mut Map<String, Value>) {
    let mut rest = std::mem::take(after);
    for key in before.keys() {
        if let Some(value) = rest.shift_remove(key) {
            after.insert(key.clone(), value);
        }
    }
    after.extend(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Document {
        let stage = |kind: &str, params: Value| json!({ "kind": kind, "params": params });
        Document::from_json(&json!({ "name": "x", "stages": {
            "source": stage("synthetic", json!({ "sps": 250.0 })),
            "notch": stage("notch", json!({ "hz": 60.0, "list": [] })),
            "sink": stage("csv_sink", json!({ "path": "a.csv" })),
        }}))
        .unwrap()
    }

    fn apply(patch: Value) -> Result<Document, Refused> {
        Patch::of(patch)?.apply(&document())
    }

    #[test]
    fn order_is_kept_and_new_stages_come_last() {
        let patched = apply(json!([
            { "op": "remove", "path": "/stages/source" },
            { "op": "add", "path": "/stages/fft", "value": { "kind": "psd" } },
            { "op": "add", "path": "/stages/source", "value": { "kind": "acquire" } },
            { "op": "test", "path": "/stages/notch/params/hz", "value": 60 },
        ]));
        let patched = patched.unwrap();
        let ids: Vec<&String> = patched.stages.keys().collect();
        assert_eq!(ids, ["source", "notch", "sink", "fft"]);
        assert_eq!(patched.stages["source"].kind, "acquire");
    }

    #[test]
    fn every_mistake_says_which_operation() {
        let good = json!({ "op": "replace", "path": "/name", "value": "y" });
        for (bad, expected) in [
            (
                json!({ "op": "replace", "path": "/stages/notsh", "value": 1 }),
                "there is nothing at `/stages/notsh`",
            ),
            (json!({ "op": "remove", "path": "" }), "there is nothing at ``"),
            (
                json!({ "op": "remove", "path": "/stages/notch/params/list/-" }),
                "there is nothing at",
            ),
            (
                json!({ "op": "move", "from": "/a", "path": "/name" }),
                "there is nothing at its `from`",
            ),
            (
                json!({ "op": "move", "from": "/stages", "path": "/stages/x" }),
                "cannot be moved into itself",
            ),
        ] {
            let Err(Refused::Invalid(mistakes)) = apply(json!([good, bad])) else {
                panic!("{bad}")
            };
            assert!(mistakes[0].message.contains("operation 2 of the patch: "), "{mistakes:?}");
            assert!(mistakes[0].message.contains(expected), "{mistakes:?}");
            assert_eq!(mistakes[0].path, bad["path"].as_str().unwrap());
        }
        let test = json!({ "op": "test", "path": "/name", "value": "z" });
        assert!(
            matches!(apply(json!([test])), Err(Refused::TestFailed { path, .. }) if path == "/name")
        );
    }

    #[test]
    fn what_is_no_patch_is_told_so() {
        for (bad, expected) in [
            (json!(1), "JSON array of operations"),
            (json!({ "patch": 1 }), "JSON array of operations"),
            (json!({ "if_revision": 3 }), "JSON array of operations"),
            (json!({ "patch": [], "if_revison": 3 }), "not `if_revison`"),
            (
                json!([{ "op": "delete", "path": "/name" }]),
                "operation 1 of the patch: unknown variant `delete`",
            ),
            (
                json!([{ "op": "add", "path": "/name" }]),
                "operation 1 of the patch: missing field `value`",
            ),
            (json!([{ "op": "remove", "path": "name" }]), "operation 1 of the patch: "),
            (json!([{ "op": "remove" }]), "missing field `path`"),
            (
                json!({ "patch": [], "if_revision": -1 }),
                "`if_revision` is the number of a revision, not -1",
            ),
            (
                Value::from(vec![json!({ "op": "remove", "path": "/name" }); 257]),
                "at most 256 operations",
            ),
        ] {
            let Err(Refused::Malformed(message)) = Patch::of(bad.clone()) else { panic!("{bad}") };
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_document_cannot_be_copied_into_itself_without_end() {
        let copy = |n| json!({ "op": "copy", "from": "/stages", "path": format!("/stages/x{n}") });
        let copies: Value = (0..64).map(copy).collect();
        let Err(Refused::Invalid(mistakes)) = apply(copies) else { panic!() };
        assert!(mistakes[0].message.contains("at most 20000 values"), "{mistakes:?}");
    }

    #[test]
    fn what_is_no_document_any_more_is_refused_with_its_path() {
        for (patch, path) in [
            (json!({ "op": "add", "path": "/bogus", "value": 1 }), "/bogus"),
            (json!({ "op": "replace", "path": "/stages/notch/params", "value": 3 }), ""),
            (json!({ "op": "remove", "path": "/stages/notch/kind" }), "/stages/notch/kind"),
            (
                json!({ "op": "replace", "path": "/stages/notch/on_error", "value": "explode" }),
                "/stages/notch/on_error",
            ),
        ] {
            match apply(json!([patch])) {
                // Parameters are the kind's own matter: they are looked at when the stage is built.
                Ok(_) => assert_eq!(path, "", "{patch}"),
                Err(Refused::Invalid(mistakes)) => assert_eq!(mistakes[0].path, path),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
