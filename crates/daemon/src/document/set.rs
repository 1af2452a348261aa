//! `--set STAGE.PARAM=VALUE`: changes one parameter of a document before it is built.

use super::model::Document;
use super::tree::Node;
use super::yaml;
use pipeline_core::graph::{GraphError, nearest};
use serde_json::{Map, Value};

/// The path into the merged document that one argument names, and the value. The value is YAML, as it would stand in a
/// file.
pub(crate) fn parse(argument: &str) -> Result<(String, Value), GraphError> {
    let (stage, param, written) = parts(argument)?;
    let path = format!("/stages/{stage}/params/{}", param.replace('.', "/"));
    let value = value(written, &path)?;
    Ok((path, value))
}

fn parts(argument: &str) -> Result<(&str, &str, &str), GraphError> {
    let form = || GraphError::new("", "write STAGE.PARAM=VALUE, for example notch.hz=50");
    let (target, written) = argument.split_once('=').ok_or_else(form)?;
    let (stage, param) = target.split_once('.').ok_or_else(form)?;
    if stage.is_empty() || param.split('.').any(str::is_empty) {
        return Err(form());
    }
    Ok((stage, param, written))
}

/// Applies one argument and returns the path it changed.
pub(super) fn apply(document: &mut Document, argument: &str) -> Result<String, GraphError> {
    let (stage, param, _) = parts(argument)?;
    let ids: Vec<String> = document.stages.keys().cloned().collect();
    let Some(found) = document.stages.get_mut(stage) else {
        let hint = nearest(stage, ids.iter().map(String::as_str)).map_or_else(
            || format!("the stages are `{}`", ids.join("`, `")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(GraphError::new("", format!("there is no stage `{stage}`; {hint}")));
    };
    let (path, value) = parse(argument)?;
    let mut place = &mut found.params;
    for key in param.split('.') {
        place = step(place, key).ok_or_else(|| {
            GraphError::new(&*path, format!("there is no `{key}` to set: its list is shorter"))
        })?;
    }
    *place = value;
    Ok(path)
}

fn value(written: &str, path: &str) -> Result<Value, GraphError> {
    let mut faults = Vec::new();
    let node = yaml::read(written, &mut faults).unwrap_or_else(|| Node::from_value(&Value::Null));
    if let Some(fault) = faults.first() {
        return Err(GraphError::new(path, format!("the value cannot be read: {}", fault.message)));
    }
    let mut not_finite = None;
    let value = node.to_value("", &mut |_, node| not_finite = Some(node.to_string()));
    match not_finite {
        None => Ok(value),
        Some(written) => {
            Err(GraphError::new(path, format!("the value must be a finite number, not {written}")))
        }
    }
}

/// The place below `parent` that `key` names; mappings are made where there are none.
fn step<'v>(parent: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if let Value::Array(items) = parent {
        return key.parse().ok().and_then(|i: usize| items.get_mut(i));
    }
    if !parent.is_object() {
        *parent = Value::Object(Map::new());
    }
    Some(parent.as_object_mut()?.entry(key).or_insert(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let json = serde_json::json!({"stages": {"notch": {"kind": "notch", "params": {"hz": 60, "list": [{"a": 1}]}}}});
        Document::from_json(&json).unwrap()
    }

    #[test]
    fn reaches_any_parameter_with_any_value() {
        let mut document = document();
        for argument in
            ["notch.hz=50", "notch.list.0.a=no", "notch.new.deep={ x: [1, 2] }", "notch.text=a=b"]
        {
            apply(&mut document, argument).unwrap();
        }
        let seen = serde_json::json!({"hz": 50, "list": [{"a": "no"}], "new": {"deep": {"x": [1, 2]}}, "text": "a=b"});
        assert_eq!(document.stages["notch"].params, seen);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (argument, message) in [
            ("notch", "write STAGE.PARAM=VALUE, for example notch.hz=50"),
            ("notch=5", "write STAGE.PARAM=VALUE, for example notch.hz=50"),
            ("notch..hz=5", "write STAGE.PARAM=VALUE, for example notch.hz=50"),
            ("nothc.hz=5", "there is no stage `nothc`; did you mean `notch`?"),
            ("spectrum.hz=5", "there is no stage `spectrum`; the stages are `notch`"),
            ("notch.list.3.a=5", "there is no `3` to set: its list is shorter"),
            ("notch.hz=.nan", "the value must be a finite number, not .nan"),
            ("notch.hz=[1", "the value cannot be read: this `[` is never closed: a `]` is missing"),
        ] {
            assert_eq!(
                apply(&mut document(), argument).unwrap_err().message,
                message,
                "{argument}"
            );
        }
    }
}
