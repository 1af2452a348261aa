//! JSON to a tree with places.
//!
//! Not through the YAML reader: YAML 1.2 means to contain JSON, but its readers stumble over tabs and over characters
//! written as two `\u` escapes. Literals are cut out here and decoded by `serde_json`.

use super::tree::{self, Budget, Fault, Key, Node, Pos, Tree};
use serde_json::Value;

/// The tree of a text, or `None` when its syntax is wrong.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    let mut reader = Reader { rest: text, at: Pos::START, budget: Budget::default(), faults };
    let root = reader.node(0).and_then(|node| {
        reader.blanks();
        if reader.rest.is_empty() {
            Ok(node)
        } else {
            Err(reader.fault("nothing more, for the value has ended"))
        }
    });
    root.map_err(|fault| reader.faults.push(fault)).ok()
}

struct Reader<'t, 'f> {
    rest: &'t str,
    at: Pos,
    budget: Budget,
    faults: &'f mut Vec<Fault>,
}

impl Reader<'_, '_> {
    fn node(&mut self, depth: usize) -> Result<Node, Fault> {
        self.blanks();
        let at = self.at;
        self.budget.take(1, depth, at)?;
        let tree = match self.rest.chars().next() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Tree::Str(self.string()?),
            _ => return self.literal(at),
        };
        Ok(Node::new(at, tree))
    }

    fn object(&mut self, depth: usize) -> Result<Tree, Fault> {
        self.skip(1);
        let mut entries = Vec::new();
        if self.next_is('}') {
            return Ok(Tree::Map(entries));
        }
        loop {
            self.blanks();
            let at = self.at;
            if !self.rest.starts_with('"') {
                return Err(self.fault("a key in double quotes"));
            }
            let key = Key { at, text: self.string()? };
            if !self.next_is(':') {
                return Err(self.fault("`:`"));
            }
            let node = self.node(depth + 1)?;
            if let Err(fault) = tree::insert(&mut entries, key, node) {
                self.faults.push(fault);
            }
            if self.next_is('}') {
                return Ok(Tree::Map(entries));
            }
            if !self.next_is(',') {
                return Err(self.fault("`,` or `}`"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Tree, Fault> {
        self.skip(1);
        let mut items = Vec::new();
        if self.next_is(']') {
            return Ok(Tree::Seq(items));
        }
        loop {
            items.push(self.node(depth + 1)?);
            if self.next_is(']') {
                return Ok(Tree::Seq(items));
            }
            if !self.next_is(',') {
                return Err(self.fault("`,` or `]`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let quote = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            quote
        });
        let Some((end, _)) = end else {
            return Err(Fault::new(
                self.at,
                "not valid JSON: the text is not closed: a `\"` is missing",
            ));
        };
        let literal = &self.rest[..=end];
        let text = serde_json::from_str(literal).map_err(|_| {
            Fault::new(self.at, "not valid JSON: the text holds a bad `\\` escape or a line break")
        })?;
        self.skip(literal.len());
        Ok(text)
    }

    fn literal(&mut self, at: Pos) -> Result<Node, Fault> {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || ",:]}[{\"".contains(c))
            .unwrap_or(self.rest.len());
        let literal = &self.rest[..end];
        let tree = match serde_json::from_str::<Value>(literal) {
            Ok(Value::Null) => Tree::Null,
            Ok(Value::Bool(b)) => Tree::Bool(b),
            Ok(Value::Number(n)) => Tree::Number(n),
            _ if literal.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
                && literal.parse::<f64>().is_ok_and(f64::is_infinite) =>
            {
                Tree::NotFinite(literal.to_owned())
            }
            _ => return Err(self.fault("a value")),
        };
        self.skip(end);
        Ok(Node::new(at, tree))
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.blanks();
        let found = self.rest.starts_with(wanted);
        if found {
            self.skip(wanted.len_utf8());
        }
        found
    }

    fn blanks(&mut self) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        self.skip(self.rest.find(|c| !blank(c)).unwrap_or(self.rest.len()));
    }

    fn skip(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        for c in passed.chars() {
            if c == '\n' {
                self.at = Pos { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.rest = rest;
    }

    fn fault(&self, wanted: &str) -> Fault {
        let found = self
            .rest
            .chars()
            .next()
            .map_or_else(|| "the end of the text".to_owned(), |c| format!("`{c}`"));
        Fault::new(self.at, format!("not valid JSON: expected {wanted}, found {found}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_serde_json_and_knows_places() {
        let text = "\t{\"a\": [1, -2.5e3, true, null, \"\\ud83d\\ude00 \\\"q\\\" \\\\\"],\n\t\"b\\/c\": {}, \"d\": []}\n";
        let node = read(text, &mut Vec::new()).unwrap();
        assert_eq!(node.to_value("", &mut |_, _| {}), serde_json::from_str::<Value>(text).unwrap());
        let Tree::Map(entries) = &node.tree else { panic!() };
        assert_eq!(
            (entries[1].0.at, entries[1].1.at),
            (Pos { line: 2, column: 2 }, Pos { line: 2, column: 10 })
        );
    }

    #[test]
    fn what_serde_json_refuses_is_refused_with_a_place() {
        for (text, line, column) in [
            ("", 1, 1),
            ("{", 1, 2),
            ("{\"a\" 1}", 1, 6),
            ("[1,]", 1, 4),
            ("[1 2]", 1, 4),
            ("{\"a\": 1,\n b: 2}", 2, 2),
            ("[01]", 1, 2),
            ("[nan]", 1, 2),
            ("\"abc", 1, 1),
            ("\"\\x\"", 1, 1),
            ("{} x", 1, 4),
        ] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
            let mut faults = Vec::new();
            assert_eq!(read(text, &mut faults), None, "{text}");
            assert_eq!(faults[0].at, Pos { line, column }, "{text}: {faults:?}");
        }
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        let mut faults = Vec::new();
        read("{\"a\": 1, \"a\": 2}", &mut faults).unwrap();
        assert_eq!(
            faults,
            [Fault::new(Pos { line: 1, column: 10 }, "`a` is given twice; the first is on line 1")]
        );
    }
}
