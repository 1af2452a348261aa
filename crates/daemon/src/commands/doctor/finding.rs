//! What one check found, and how it is said: to people line by line, to programs as JSON.

use serde::Serialize;
use std::fmt::Write;

/// How good what was found is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but could be better: under load, or for long, something may be lost (and would be said).
    Warn,
    /// Has to be put right before eegd can be relied on here.
    Fail,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at, in one word.
    pub(crate) check: &'static str,
    pub(crate) verdict: Verdict,
    /// What is so.
    pub(crate) found: String,
    /// What to type or do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    pub(super) fn warn(
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { check, verdict: Verdict::Warn, found: found.into(), advice }
    }

    pub(super) fn fail(
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(check, found, advice) }
    }
}

/// The worst of all.
pub(super) fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
}

/// A line for each finding, and one under it with what to do; a sum at the end.
pub(super) fn to_text(findings: &[Finding], colours: bool) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { check, verdict, found, advice } in findings {
        let word = coloured(*verdict, colours);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{word}  {check:width$}  {found}");
        if let Some(advice) = advice {
            let _ = writeln!(text, "      {:width$}  -> {advice}", "");
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let sum = match (count(Verdict::Fail), count(Verdict::Warn)) {
        (0, 0) => "Everything is as it should be.".to_owned(),
        (0, 1) => "Ready; one thing could be better.".to_owned(),
        (0, warn) => format!("Ready; {warn} things could be better."),
        (1, warn) => format!("One thing has to be put right, {warn} could be better."),
        (fail, warn) => format!("{fail} things have to be put right, {warn} could be better."),
    };
    text + "\n" + &sum + "\n"
}

fn coloured(verdict: Verdict, colours: bool) -> String {
    let (word, colour) = match verdict {
        Verdict::Ok => ("ok  ", 32),
        Verdict::Warn => ("warn", 33),
        Verdict::Fail => ("fail", 31),
    };
    if colours { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_and_without_colours() {
        let findings = [
            Finding::ok("kernel", "6.12, PREEMPT_RT"),
            Finding::warn("governor", "ondemand", "type this"),
            Finding::fail("spi", "none", "type that"),
        ];
        let plain = "\
ok    kernel    6.12, PREEMPT_RT
warn  governor  ondemand
                -> type this
fail  spi       none
                -> type that

One thing has to be put right, 1 could be better.
";
        assert_eq!(to_text(&findings, false), plain);
        let coloured = to_text(&findings, true);
        assert!(coloured.starts_with("\x1b[32mok  \x1b[0m  kernel    6.12"), "{coloured:?}");
        assert!(coloured.contains("\x1b[31mfail\x1b[0m  spi"), "{coloured:?}");
        assert_eq!(worst(&findings), Verdict::Fail);
        assert_eq!(worst(&findings[..2]), Verdict::Warn);
        assert_eq!(worst(&[]), Verdict::Ok);
    }
}
