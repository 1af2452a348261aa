//! What was measured, as a table for people and as JSON for comparison.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The form of the JSON; another number, another form.
pub(super) const FORMAT: u32 = 1;

/// Everything of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) format: u32,
    /// The version of eegd.
    pub(super) eegd: String,
    /// When, RFC 3339.
    pub(super) taken_at: String,
    /// Whether it was but a quick look.
    pub(super) quick: bool,
    /// Whether everything was measured.
    pub(super) complete: bool,
    /// The machine, in words.
    pub(super) machine: Vec<String>,
    /// Threads at work or waiting in the minute before: other programs.
    pub(super) load_before: Option<f64>,
    pub(super) rows: Vec<Row>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// What is compared: the same name, the same measurement.
    pub(super) name: String,
    /// Under which heading it stands.
    pub(super) section: String,
    pub(super) unit: String,
    pub(super) better: Better,
    /// How often it was measured.
    pub(super) rounds: usize,
    /// The middle of all rounds.
    pub(super) value: f64,
    /// The least and the most of all rounds. Of a knee: the highest rate that was always kept up with, the lowest that once was not.
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Better {
    Lower,
    Higher,
}

impl Row {
    /// A row over the figures of all rounds; `None` when there are none.
    pub(super) fn over(
        section: &str,
        name: &str,
        unit: &str,
        better: Better,
        figures: &[f64],
    ) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            name: name.to_owned(),
            section: section.to_owned(),
            unit: unit.to_owned(),
            better,
            rounds: sorted.len(),
            value: quantile(&sorted, 0.5)?,
            low: *sorted.first()?,
            high: *sorted.last()?,
        })
    }
}

/// Of sorted values, the one below which a share `q` of all lies.
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    sorted.get(((sorted.len().max(1) - 1) as f64 * q).round() as usize).copied()
}

impl Report {
    /// The table.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        let kind = if self.quick { ", a quick look" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "eegd {} bench, {}{kind}", self.eegd, self.taken_at);
        for line in &self.machine {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(load) = self.load_before {
            let _ = writeln!(text, "  before it began: {load:.1} threads of others at work");
        }
        for rows in self.rows.chunk_by(|a, b| a.section == b.section) {
            let width =
                |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
            let (names, units) = (width(|row| &row.name), width(|row| &row.unit));
            let section = rows.first().map_or("", |row| &row.section);
            let _ = writeln!(text, "\n{section}");
            for row in rows {
                let Row { name, unit, .. } = row;
                let (value, low, high) = (figure(row.value), figure(row.low), figure(row.high));
                let _ =
                    writeln!(text, "  {name:names$} {value:>10} {unit:units$} {low:>10} .. {high}");
            }
        }
        if !self.complete {
            text += "\nInterrupted: this is what was measured by then.\n";
        }
        text
    }
}

/// Three digits that count.
pub(super) fn figure(x: f64) -> String {
    if x == 0.0 || x.abs() >= 100.0 {
        grouped(x.round())
    } else {
        let decimals = 2 - x.abs().log10().floor() as i32;
        format!("{x:.*}", decimals.clamp(0, 6) as usize)
    }
}

/// Thousands apart.
fn grouped(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 && digits.as_bytes()[n - 1].is_ascii_digit() {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::commands::bench) fn report(rows: &[(&str, Better, f64, f64, f64)]) -> Report {
        let row = |&(name, better, low, value, high): &(&str, Better, f64, f64, f64)| Row {
            name: name.to_owned(),
            section: "a section".to_owned(),
            unit: "us".to_owned(),
            better,
            rounds: 6,
            value,
            low,
            high,
        };
        Report {
            format: FORMAT,
            eegd: "0.1.0".to_owned(),
            taken_at: "2026-11-26T23:00:00Z".to_owned(),
            quick: true,
            complete: true,
            machine: vec!["a machine".to_owned()],
            load_before: Some(0.25),
            rows: rows.iter().map(row).collect(),
        }
    }

    #[test]
    fn the_table() {
        let mut report = report(&[
            ("wake p50", Better::Lower, 50.0, 56.1, 1234.4),
            ("knee", Better::Higher, 0.0, 1_234_567.0, 0.0123),
        ]);
        let expected = "\
eegd 0.1.0 bench, 2026-11-26T23:00:00Z, a quick look
  a machine
  before it began: 0.2 threads of others at work

a section
  wake p50       56.1 us       50.0 .. 1 234
  knee      1 234 567 us          0 .. 0.0123
";
        assert_eq!(report.to_text(), expected);
        report.complete = false;
        assert!(report.to_text().ends_with("Interrupted: this is what was measured by then.\n"));
    }

    #[test]
    fn the_json_stays_as_it_is() {
        let json = serde_json::to_value(report(&[("hop", Better::Lower, 1.0, 2.0, 3.0)])).unwrap();
        let expected = serde_json::json!({
            "format": 1, "eegd": "0.1.0", "taken_at": "2026-11-26T23:00:00Z", "quick": true, "complete": true,
            "machine": ["a machine"], "load_before": 0.25,
            "rows": [{"name": "hop", "section": "a section", "unit": "us", "better": "lower",
                      "rounds": 6, "value": 2.0, "low": 1.0, "high": 3.0}],
        });
        assert_eq!(json, expected);
        let again: Report = serde_json::from_value(json).unwrap();
        assert_eq!(again.rows[0].value, 2.0);
    }

    #[test]
    fn a_row_is_the_middle_the_least_and_the_most() {
        let row = Row::over("s", "n", "us", Better::Lower, &[3.0, f64::NAN, 1.0, 2.0]).unwrap();
        assert_eq!((row.low, row.value, row.high, row.rounds), (1.0, 2.0, 3.0, 3));
        assert_eq!(Row::over("s", "n", "us", Better::Lower, &[]), None);
        assert_eq!([99.95, 1.0, -1234.0, 0.5].map(figure), ["100.0", "1.00", "-1 234", "0.500"]);
    }
}
