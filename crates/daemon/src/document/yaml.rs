//! YAML 1.2 (core schema) to a tree with places.
//!
//! Plain scalars follow the core schema: only `true` and `false` (`True`, `TRUE`) are booleans, so `no`, `on` and `y`
//! are text; `012` is twelve, octal is `0o14`; `.nan` and `.inf` are floats. Anchors and aliases work, within a budget
//! on what they amount to when written out. Merge keys, tags and several documents are refused: a pipeline file is
//! to be read by people, and by every other YAML reader with the same result.

use super::scalar::plain;
use super::tree::{self, Budget, Fault, Key, Node, Pos, Tree};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};
use std::collections::HashMap;

/// The tree of a text, or `None` when its syntax breaks off. Faults that leave a tree are reported as well.
pub(super) fn read(text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        text,
        anchors: HashMap::new(),
        budget: Budget::default(),
        open: Vec::new(),
        faults,
    };
    match reader.stream() {
        Ok(node) => Some(node),
        Err(fault) => {
            reader.faults.push(fault);
            None
        }
    }
}

struct Reader<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    /// Finished nodes with an anchor, and how many values each amounts to.
    anchors: HashMap<usize, (Node, usize)>,
    budget: Budget,
    /// Collections that have begun and not ended.
    open: Vec<Pos>,
    faults: &'f mut Vec<Fault>,
}

impl<'t> Reader<'t, '_> {
    fn stream(&mut self) -> Result<Node, Fault> {
        let mut root = None;
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamEnd => return Ok(root.unwrap_or(Node::new(Pos::START, Tree::Null))),
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                _ if root.is_some() => {
                    let message =
                        "a second document begins here (`---`): one file describes one pipeline";
                    return Err(Fault::new(place(span.start), message));
                }
                _ => root = Some(self.node(event, span, 0)?.0),
            }
        }
    }

    fn event(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(self.explain(place(*error.marker()), error.info())),
            None => Err(Fault::new(Pos::START, "the file ends in the middle of a value")),
        }
    }

    /// A node and how many values it holds.
    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<(Node, usize), Fault> {
        let at = place(span.start);
        self.budget.take(1, depth, at)?;
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if tag {
            self.faults.push(Fault::new(
                at,
                "tags (`!…`) mean nothing here: remove it; quotes make a value text",
            ));
        }
        let (node, size) = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => (plain(at, &text), 1),
            Event::Scalar(text, ..) => (Node::new(at, Tree::Str(text.into_owned())), 1),
            Event::SequenceStart(..) => self.sequence(at, depth)?,
            Event::MappingStart(..) => self.mapping(at, depth)?,
            Event::Alias(id) => self.alias(id, at, depth)?,
            _ => return Err(Fault::new(at, "a value is missing here")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok((node, size))
    }

    fn sequence(&mut self, at: Pos, depth: usize) -> Result<(Node, usize), Fault> {
        self.open.push(at);
        let (mut items, mut size) = (Vec::new(), 1);
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                self.open.pop();
                return Ok((Node::new(at, Tree::Seq(items)), size));
            }
            let (item, values) = self.node(event, span, depth + 1)?;
            size += values;
            items.push(item);
        }
    }

    fn mapping(&mut self, at: Pos, depth: usize) -> Result<(Node, usize), Fault> {
        self.open.push(at);
        let (mut entries, mut size) = (Vec::new(), 1);
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                self.open.pop();
                return Ok((Node::new(at, Tree::Map(entries)), size));
            }
            let key = self.key(event, span, depth + 1)?;
            let (event, span) = self.event()?;
            let (node, values) = self.node(event, span, depth + 1)?;
            size += values;
            if let Some(key) = key
                && let Err(fault) = tree::insert(&mut entries, key, node)
            {
                self.faults.push(fault);
            }
        }
    }

    /// The text of a key; `None` for one that was refused, so that reading can go on behind its value.
    fn key(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Option<Key>, Fault> {
        let at = place(span.start);
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                let message = "merge keys (`<<`) are not supported: write the keys out, or use an alias for a whole value";
                self.faults.push(Fault::new(at, message));
                Ok(None)
            }
            Event::Scalar(text, style, anchor, None)
                if !(text.is_empty() && style == ScalarStyle::Plain) =>
            {
                if anchor > 0 {
                    self.anchors.insert(anchor, (plain(at, &text), 1));
                }
                Ok(Some(Key { at, text: text.into_owned() }))
            }
            other => {
                self.node(other, span, depth)?;
                Err(Fault::new(at, "a key must be a plain word before its `:`"))
            }
        }
    }

    fn alias(&mut self, id: usize, at: Pos, depth: usize) -> Result<(Node, usize), Fault> {
        let Some((node, size)) = self.anchors.get(&id) else {
            return Err(Fault::new(at, "this alias (`*…`) stands inside the value it refers to"));
        };
        self.budget.take(*size, depth + height(node), at)?;
        Ok((node.clone(), *size))
    }

    /// The parser's words, made into something to act on.
    fn explain(&self, at: Pos, info: &str) -> Fault {
        let line = self.text.lines().nth(at.line - 1).unwrap_or_default();
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        if let Some(tab) = indent.chars().position(|c| c == '\t') {
            let place = Pos { line: at.line, column: tab + 1 };
            return Fault::new(place, "a tab in the indentation: YAML wants blanks");
        }
        if info.contains("quoted scalar, found unexpected end") {
            return Fault::new(at, "this text in quotes is never closed");
        }
        let bracket = self.open.last().and_then(|open| Some((*open, self.char_at(*open)?)));
        if let Some((open, bracket @ ('[' | '{'))) = bracket {
            let end = if bracket == '[' { ']' } else { '}' };
            let lines = self.text.lines().count();
            if at.line > lines {
                return Fault::new(
                    open,
                    format!("this `{bracket}` is never closed: a `{end}` is missing"),
                );
            }
            let message = format!(
                "expected `,` or `{end}`: the `{bracket}` of line {} is still open",
                open.line
            );
            return Fault::new(at, message);
        }
        let plain = match info {
            info if info.contains("did not find expected key") => {
                "expected a key here, indented like the keys above"
            }
            info if info.contains("unknown anchor") => {
                "there is no anchor (`&…`) above for this alias (`*…`)"
            }
            other => other,
        };
        Fault::new(at, format!("not valid YAML: {plain}"))
    }

    fn char_at(&self, at: Pos) -> Option<char> {
        self.text.lines().nth(at.line - 1)?.chars().nth(at.column - 1)
    }
}

fn place(marker: Marker) -> Pos {
    Pos { line: marker.line().max(1), column: marker.col() + 1 }
}

fn height(node: &Node) -> usize {
    match &node.tree {
        Tree::Seq(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Tree::Map(entries) => 1 + entries.iter().map(|(_, node)| height(node)).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn value(text: &str) -> serde_json::Value {
        let mut faults = Vec::new();
        let node = read(text, &mut faults).unwrap();
        assert_eq!(faults, []);
        node.to_value("", &mut |_, _| {})
    }

    fn faults(text: &str) -> Vec<(usize, usize, String)> {
        let mut faults = Vec::new();
        read(text, &mut faults);
        faults.into_iter().map(|f| (f.at.line, f.at.column, f.message)).collect()
    }

    #[test]
    fn places_count_characters_from_one() {
        let node = read("- \u{e4}\u{1f600}: { hz:  60 }\n", &mut Vec::new()).unwrap();
        let Tree::Seq(items) = node.tree else { panic!() };
        let Tree::Map(entries) = &items[0].tree else { panic!() };
        let Tree::Map(params) = &entries[0].1.tree else { panic!() };
        assert_eq!(entries[0].0.at, Pos { line: 1, column: 3 });
        assert_eq!(params[0].0.at, Pos { line: 1, column: 9 });
        assert_eq!(params[0].1.at, Pos { line: 1, column: 14 });
    }

    #[test]
    fn aliases_are_written_out_within_a_budget() {
        assert_eq!(value("a: &x { hz: 60 }\nb: *x\n")["b"]["hz"], 60);
        let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for n in 1..12 {
            let before = vec![format!("*a{}", n - 1); 10].join(", ");
            writeln!(bomb, "a{n}: &a{n} [{before}]").unwrap();
        }
        assert!(faults(&bomb)[0].2.contains("more than 100000 values"), "{:?}", faults(&bomb));
        let mut deep = "a0: &a0 1\n".to_owned();
        (1..100).for_each(|n| writeln!(deep, "a{n}: &a{n} [*a{}]", n - 1).unwrap());
        assert!(faults(&deep)[0].2.contains("64 deep"));
        assert!(faults("a: &a [*a]\n")[0].2.contains("inside the value"));
    }

    #[test]
    fn one_reading_finds_every_fault_that_leaves_a_tree() {
        let found = faults("a: 1\na: 2\n<<: { b: 1 }\nc: !!str 5\n? [1]\n: 2\n");
        let lines: Vec<usize> = found.iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5], "{found:?}");
    }
}
