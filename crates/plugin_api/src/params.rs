//! From JSON to parameters, with every mistake found in one go and said in words.

use crate::StageDesc;
use pipeline_core::graph::nearest;
use serde_json::{Map, Value};

/// One mistake in a stage's parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParamsError {
    /// Path below `params`: `hz`, `signals/0/uv`; empty for the parameters as a whole.
    pub path: String,
    /// The whole sentence.
    pub message: String,
}

/// Parses parameters. After a mistake the offending value is replaced by the example's, and parsing goes on.
pub(crate) fn parse<D: StageDesc>(value: &Value) -> Result<D, Vec<ParamsError>> {
    let mut given = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map.clone(),
        other => {
            let message =
                format!("the parameters of `{}` must be a mapping, not {}", D::KIND, named(other));
            return Err(vec![ParamsError { path: String::new(), message }]);
        }
    };
    let example = serde_json::to_value(D::example()).unwrap_or_default();
    let mut errors = unknown_keys::<D>(&mut given, &example);
    for _ in 0..=given.len() + example.as_object().map_or(0, Map::len) {
        match serde_path_to_error::deserialize::<_, D>(Value::Object(given.clone())) {
            Ok(desc) if errors.is_empty() => return Ok(desc),
            Ok(_) => return Err(errors),
            Err(error) => {
                let path = pointer(error.path());
                let text = error.into_inner().to_string();
                let missing = between(&text, "missing field `", "`")
                    .filter(|_| !path.contains('/'))
                    .map(str::to_owned);
                let key = match &missing {
                    Some(field) if path.is_empty() => field.clone(),
                    _ => path.split('/').next().unwrap_or_default().to_owned(),
                };
                errors.push(ParamsError { message: sentence(D::KIND, &path, &text), path });
                match example.get(&key) {
                    Some(good) => given.insert(key, good.clone()),
                    None if given.contains_key(&key) => given.shift_remove(&key),
                    None => return Err(errors),
                };
            }
        }
    }
    Err(errors)
}

/// Takes out the keys that the kind does not know. What was meant by one is not missed as well: the example's value
/// takes its place.
fn unknown_keys<D: StageDesc>(given: &mut Map<String, Value>, example: &Value) -> Vec<ParamsError> {
    let schema = schemars::schema_for!(D);
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let unknown: Vec<String> =
        given.keys().filter(|key| !known.contains_key(*key)).cloned().collect();
    let mut errors = Vec::new();
    for key in unknown {
        given.shift_remove(&key);
        let meant = nearest(&key, known.keys().map(String::as_str));
        if let Some((meant, good)) = meant.and_then(|meant| Some((meant, example.get(meant)?))) {
            given.entry(meant).or_insert_with(|| good.clone());
        }
        let message = unknown_key(D::KIND, &key, known.keys().map(String::as_str));
        errors.push(ParamsError { path: key, message });
    }
    errors
}

fn unknown_key<'a>(kind: &str, key: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(key, known.clone()) {
        return format!("`{kind}` has no parameter `{key}`; did you mean `{near}`?");
    }
    let all: Vec<String> = known.map(|k| format!("`{k}`")).collect();
    if all.is_empty() {
        return format!("`{kind}` has no parameter `{key}`; it takes none");
    }
    format!("`{kind}` has no parameter `{key}`; it takes {}", all.join(", "))
}

/// serde says `invalid type: string "fifty", expected f64`; we say what a person can act on.
fn sentence(kind: &str, path: &str, text: &str) -> String {
    if let Some(field) = between(text, "missing field `", "`") {
        let at = if path.is_empty() { format!("`{kind}`") } else { format!("`{path}`") };
        return format!("{at} needs `{field}`");
    }
    if let Some(key) = between(text, "unknown field `", "`") {
        let known: Vec<&str> = text
            .split("expected")
            .nth(1)
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        return unknown_key(path, key, known.iter().copied());
    }
    let parts =
        text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    if let Some((found, expected)) = parts.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!(
            "`{path}` must be {}, not {}",
            plain_expected(expected),
            plain_found(found)
        );
    }
    if path.is_empty() { text.to_owned() } else { format!("`{path}`: {text}") }
}

fn plain_expected(expected: &str) -> String {
    match expected {
        "f64" | "f32" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "str" | "string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other => other.to_owned(),
    }
}

fn plain_found(found: &str) -> String {
    if let Some(text) = found.strip_prefix("string ") {
        return format!("the text {text}");
    }
    if let Some(number) =
        found.strip_prefix("integer ").or_else(|| found.strip_prefix("floating point "))
    {
        return number.trim_matches('`').to_owned();
    }
    match found {
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" => "nothing".to_owned(),
        other => other.strip_prefix("boolean ").map_or(other, |b| b.trim_matches('`')).to_owned(),
    }
}

fn named(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    segments.collect::<Vec<_>>().join("/")
}
