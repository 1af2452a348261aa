//! TOML to a tree with places.

use super::tree::{Budget, Fault, Key, Node, Pos, Tree};
use serde_json::Number;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// The tree of a text, or `None` when its syntax is wrong.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // After the first, most are its echo; a key given twice never is.
        let twice = |error: &Error| error.message().contains("duplicate key");
        let told = errors.iter().enumerate().filter(|(i, error)| *i == 0 || twice(error));
        faults.extend(told.map(|(_, error)| {
            let at = lines.place(error.span().unwrap_or_default());
            Fault::new(at, format!("not valid TOML: {}", error.message().replace('\n', ", ")))
        }));
        return None;
    }
    let mut budget = Budget::default();
    match map(Pos::START, table.get_ref(), &lines, &mut budget, 0) {
        Ok(node) => Some(node),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

fn map(
    at: Pos,
    table: &DeTable<'_>,
    lines: &Lines<'_>,
    budget: &mut Budget,
    depth: usize,
) -> Result<Node, Fault> {
    let mut entries = Vec::new();
    for (key, value) in table {
        let key = Key { at: lines.place(key.span()), text: key.get_ref().clone().into_owned() };
        let node = node(value, lines, budget, depth + 1)?;
        super::tree::insert(&mut entries, key, node)?;
    }
    Ok(Node::new(at, Tree::Map(entries)))
}

fn node(
    value: &Spanned<DeValue<'_>>,
    lines: &Lines<'_>,
    budget: &mut Budget,
    depth: usize,
) -> Result<Node, Fault> {
    let at = lines.place(value.span());
    budget.take(1, depth, at)?;
    let tree = match value.get_ref() {
        DeValue::String(text) => Tree::Str(text.clone().into_owned()),
        DeValue::Boolean(b) => Tree::Bool(*b),
        DeValue::Datetime(time) => Tree::Str(time.to_string()),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(n) => Tree::Number(Number::from(n)),
            Err(_) => return Err(Fault::new(at, format!("`{digits}` is not a 64-bit number"))),
        },
        DeValue::Float(digits) => {
            let value = digits.as_str().parse().unwrap_or(f64::NAN);
            return Ok(Node::float(at, value, digits.as_str()));
        }
        DeValue::Array(items) => {
            let items = items.iter().map(|item| node(item, lines, budget, depth + 1));
            Tree::Seq(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => return map(at, table, lines, budget, depth),
    };
    Ok(Node::new(at, tree))
}

/// Where each line begins, to turn an offset in bytes into a place.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    fn place(&self, span: Range<usize>) -> Pos {
        let offset = span.start.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let before = self.text.get(self.starts[line - 1]..offset).unwrap_or_default();
        Pos { line, column: before.chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_places_survive_in_the_order_of_the_file() {
        let text = "name = \"\u{e4}\"\n[[stages]]\nz = { hz = 0x10, list = [1.5, true] }\n[[stages]]\n[stages.a]\ntime = 2026-01-02\nbad = nan\n";
        let node = read(text, &mut Vec::new()).unwrap();
        let mut not_finite = Vec::new();
        let value =
            node.to_value("", &mut |path, node| not_finite.push((path.to_owned(), node.at)));
        let seen = serde_json::json!({
            "name": "\u{e4}",
            "stages": [{"z": {"hz": 16, "list": [1.5, true]}}, {"a": {"time": "2026-01-02", "bad": null}}],
        });
        assert_eq!(value.to_string(), seen.to_string());
        assert_eq!(not_finite, [("/stages/1/a/bad".to_owned(), Pos { line: 7, column: 7 })]);
    }

    #[test]
    fn every_syntax_error_is_placed() {
        let mut faults = Vec::new();
        assert!(read("\"\u{e4}\" = 1\na = 1\na = 2\nb = [1,\n", &mut faults).is_none());
        faults.sort_by_key(|fault| fault.at);
        assert_eq!(faults[0].at, Pos { line: 3, column: 1 });
        assert!(faults[0].message.contains("duplicate"), "{faults:?}");
    }
}
