//! What a plain YAML scalar means: the core schema.

use super::tree::{Node, Pos, Tree};
use serde_json::Number;

/// A plain scalar by the core schema (YAML 1.2.2, section 10.3.2).
pub(super) fn plain(at: Pos, text: &str) -> Node {
    let tree = match text {
        "" | "~" | "null" | "Null" | "NULL" => Tree::Null,
        "true" | "True" | "TRUE" => Tree::Bool(true),
        "false" | "False" | "FALSE" => Tree::Bool(false),
        _ => return number(at, text).unwrap_or_else(|| Node::new(at, Tree::Str(text.to_owned()))),
    };
    Node::new(at, tree)
}

fn number(at: Pos, text: &str) -> Option<Node> {
    let whole = |n: u64| Node::new(at, Tree::Number(Number::from(n)));
    let based = |prefix, radix| text.strip_prefix(prefix).map(|digits| (digits, radix));
    if let Some((digits, radix)) = based("0o", 8).or_else(|| based("0x", 16)) {
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        return u64::from_str_radix(digits, radix).ok().filter(|_| plain).map(whole);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Node::float(at, f64::NAN, text));
    }
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let before = digits(unsigned);
    if before == unsigned.len() && before > 0 {
        if let Ok(n) = text.strip_prefix('+').unwrap_or(text).parse::<i64>() {
            return Some(Node::new(at, Tree::Number(n.into())));
        }
        if let Ok(n) = text.strip_prefix('+').unwrap_or(text).parse::<u64>() {
            return Some(whole(n));
        }
    }
    let mut rest = &unsigned[before..];
    let mut after = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        after = digits(fraction);
        rest = &fraction[after..];
    }
    if before + after == 0 {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if exponent.is_empty() || digits(exponent) != exponent.len() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    Some(Node::float(at, text.parse().ok()?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let cases: [(&str, serde_json::Value); 20] = [
            ("no", "no".into()),
            ("on", "on".into()),
            ("y", "y".into()),
            ("True", true.into()),
            ("false", false.into()),
            ("012", 12.into()),
            ("0o14", 12.into()),
            ("0xFF", 255.into()),
            ("0xFG", "0xFG".into()),
            ("+5", 5.into()),
            ("-5", (-5).into()),
            ("1_000", "1_000".into()),
            ("1e3", 1000.0.into()),
            (".5", 0.5.into()),
            ("5.", 5.0.into()),
            ("1.2.3", "1.2.3".into()),
            ("1e", "1e".into()),
            ("-", "-".into()),
            ("~", serde_json::Value::Null),
            ("18446744073709551615", u64::MAX.into()),
        ];
        for (written, meant) in cases {
            let value = plain(Pos::START, written).to_value("", &mut |_, _| {});
            assert_eq!(value, meant, "{written}");
        }
        for written in [".nan", "-.inf", "+.INF", "1e999"] {
            assert_eq!(plain(Pos::START, written).tree, Tree::NotFinite(written.to_owned()));
        }
    }
}
