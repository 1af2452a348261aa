//! A document as a YAML file in the merged form, to be read by people and by [`load`](super::load).
//!
//! Mappings are written in blocks, lists of plain values in one line; whatever could be taken for something else is
//! put in double quotes.

use super::model::Document;
use super::scalar;
use super::tree::{Pos, Tree};
use serde_json::Value;
use std::fmt::Write;

impl Document {
    /// The document as YAML. Read again, it is the same document.
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        let document = self.to_json();
        for (key, value) in document.as_object().into_iter().flatten() {
            if !value.is_null() {
                entry(&mut text, 0, key, value);
            }
        }
        text
    }
}

fn entry(text: &mut String, depth: usize, key: &str, value: &Value) {
    indent(text, depth);
    string(text, key);
    text.push(':');
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            map.iter().for_each(|(key, value)| entry(text, depth + 1, key, value));
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            text.push('\n');
            for item in items {
                indent(text, depth + 1);
                text.push_str("- ");
                flow(text, item);
                text.push('\n');
            }
        }
        _ => {
            text.push(' ');
            flow(text, value);
            text.push('\n');
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    (0..depth).for_each(|_| text.push_str("  "));
}

/// A value in one line.
fn flow(text: &mut String, value: &Value) {
    let comma = |text: &mut String, i| text.push_str(if i == 0 { "" } else { ", " });
    match value {
        Value::String(word) => string(text, word),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                comma(text, i);
                flow(text, item);
            }
            text.push(']');
        }
        Value::Object(map) => {
            text.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                comma(text, i);
                string(text, key);
                text.push_str(": ");
                flow(text, value);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn string(text: &mut String, word: &str) {
    if is_plain(word) {
        text.push_str(word);
        return;
    }
    text.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            _ if c.is_alphanumeric() => text.push(c),
            // YAML has an escape for every character (YAML 1.2.2, section 5.7).
            _ => write!(text, "\\U{:08X}", u32::from(c)).expect("a String takes everything"),
        }
    }
    text.push('"');
}

/// Whether a word can stand without quotes, everywhere, and is text then.
fn is_plain(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && matches!(scalar::plain(Pos::START, word).tree, Tree::Str(_))
}

#[cfg(test)]
mod tests {
    use super::super::{Format, load};
    use super::*;
    use plugin_api::Registry;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        let loaded = load(text.as_bytes(), "x.yaml", Format::Yaml, &Registry::default());
        loaded.unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}")).document.to_json()
    }

    #[test]
    fn reads_like_a_file_somebody_wrote() {
        let document = Document::from_json(&json!({
            "name": "my rig", "sensors": {"0": {"driver": "simulated"}}, "groups": {"dsp": {"cores": [2, 3]}},
            "stages": {"notch": {"kind": "notch", "inputs": ["source"], "params": {"hz": 50.0, "signals": [{"pink": {"uv": 1}}]}}},
        }));
        let expected = r#"name: "my rig"
sensors:
  "0":
    driver: simulated
groups:
  dsp:
    cores: [2, 3]
    priority: null
    wait: park
stages:
  notch:
    kind: notch
    inputs: [source]
    group: null
    on_error: null
    params:
      hz: 50.0
      signals:
        - {pink: {uv: 1}}
"#;
        assert_eq!(document.unwrap().to_yaml(), expected);
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ -~]{0,12}",
            prop::sample::select(vec![
                "null",
                "~",
                "True",
                "012",
                "1e3",
                "-",
                "a: b",
                " a",
                "a ",
                "#",
                "",
                "yes",
                "\u{85}",
                "\u{feff}x",
                "\u{2028}",
                "\u{7f}",
                "\n",
                "\t",
                "a\u{0}b",
                "\u{1F600}",
                ".inf",
                "[",
                "<<",
                "&a",
                "*a",
                "!t",
                "%",
                "@",
            ])
            .prop_map(str::to_owned),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(params in prop::collection::vec((any::<String>(), values()), 0..6), name in any::<String>()) {
            let params = Value::Object(params.into_iter().collect());
            let document = Document::from_json(&json!({ "name": name, "stages": { "a": { "kind": "a", "params": params } } })).unwrap();
            prop_assert_eq!(read(&document.to_yaml()), document.to_json());
        }
    }
}
