//! The little XML of XDF headers: elements and their text. Attributes, comments and declarations are passed over.

/// Deepest nesting read: headers have some six levels.
const MAX_DEPTH: usize = 64;

/// An element.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Parses a document. Tolerant: what is not closed ends with the document. `None` where there is no element.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = crate::text::decode_lines(bytes);
        let mut open = vec![Self::default()];
        let mut rest = text.as_str();
        while let Some(start) = rest.find('<') {
            let here = open.last_mut().expect("the outermost is never closed");
            push_text(&mut here.text, &rest[..start]);
            rest = &rest[start + 1..];
            if let Some(after) = rest.strip_prefix("!--") {
                rest = after.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            if let Some(after) = rest.strip_prefix("![CDATA[") {
                let (data, after) = after.split_once("]]>").unwrap_or((after, ""));
                here.text.push_str(data);
                rest = after;
                continue;
            }
            let (tag, after) = rest.split_once('>').unwrap_or((rest, ""));
            rest = after;
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                close(&mut open, name.trim());
                continue;
            }
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split_whitespace().next().unwrap_or("").to_owned();
            let element = Self { name, ..Self::default() };
            if empty || open.len() > MAX_DEPTH {
                let parent = open.last_mut().expect("the outermost is never closed");
                parent.children.push(element);
            } else {
                open.push(element);
            }
        }
        while open.len() > 1 {
            close_one(&mut open);
        }
        open.pop()?.children.into_iter().next()
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Text of a child, without blanks around it; empty where there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// An element further down.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }
}

/// Closes elements up to one of this name; an end without a start is passed over.
fn close(open: &mut Vec<Element>, name: &str) {
    let Some(at) = open.iter().skip(1).rposition(|element| element.name == name) else { return };
    while open.len() > at + 1 {
        close_one(open);
    }
}

fn close_one(open: &mut Vec<Element>) {
    if let Some(element) = open.pop() {
        open.last_mut().expect("only inner elements are closed").children.push(element);
    }
}

/// Adds text with its entities replaced.
fn push_text(out: &mut String, mut text: &str) {
    while let Some((before, after)) = text.split_once('&') {
        out.push_str(before);
        let known = after.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest)));
        if let Some((character, rest)) = known {
            out.push(character);
            text = rest;
        } else {
            out.push('&');
            text = after;
        }
    }
    out.push_str(text);
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Text to be put between tags: what XML cannot hold becomes a blank.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_text_and_entities() {
        let xml = b"<?xml version=\"1.0\"?><!-- x --><info a=\"b\"><name>A &lt;&#181;&gt; &amp; B</name>\
            <desc><channels><channel><label>Fp1</label></channel><channel><label/></channel></channels></desc></info>";
        let info = Element::parse(xml).unwrap();
        assert_eq!((info.name.as_str(), info.text_of("name")), ("info", "A <\u{b5}> & B"));
        let channels = info.at(&["desc", "channels"]).unwrap();
        assert_eq!(channels.children.len(), 2);
        assert_eq!(channels.children[0].text_of("label"), "Fp1");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "a<b> & \"c\" 'd' \u{4e2d}";
        let xml = format!("<x><y>{}</y></x>", escaped(text));
        assert_eq!(Element::parse(xml.as_bytes()).unwrap().text_of("y"), text);
        assert_eq!(escaped("a\0b\u{7}"), "a b ");
    }

    #[test]
    fn broken_documents_give_what_they_have() {
        for (xml, name) in
            [("<a><b>c", "a"), ("<a></b></a></a>", "a"), ("<a><b></a>", "a"), ("<a/><c>", "a")]
        {
            assert_eq!(Element::parse(xml.as_bytes()).unwrap().name, name, "{xml}");
        }
        assert_eq!(Element::parse(b""), None);
        assert_eq!(Element::parse(b"no xml & none"), None);
        let deep = "<a>".repeat(100_000);
        assert!(Element::parse(deep.as_bytes()).is_some());
    }
}
