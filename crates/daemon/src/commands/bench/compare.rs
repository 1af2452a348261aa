//! Two runs side by side: what has changed by more than either run differs within itself.

use super::report::{Better, FORMAT, Report, Row};
use anyhow::anyhow;
use std::fmt::Write;
use std::path::Path;

/// Fewer rounds than this say nothing about their spread.
const ROUNDS: usize = 3;
/// What a whole run may be off beside the spread of its rounds: another clock, other neighbours.
const MARGIN: f64 = 1.1;

/// Reads the report of an earlier run.
pub(super) fn read(path: &Path) -> anyhow::Result<Report> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| anyhow!("cannot read {name}: {e}"))?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|e| anyhow!("{name} is no report of `eegd bench --json`: {e}"))?;
    if report.format != FORMAT {
        return Err(anyhow!("{name} has format {}, this eegd knows {FORMAT}", report.format));
    }
    Ok(report)
}

/// One figure in both runs.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    /// New over old: of the middles, and the least and most of it that the rounds of both allow.
    ratio: f64,
    low: f64,
    high: f64,
    verdict: &'static str,
}

impl Change {
    fn of(old: &Row, new: &Row) -> Self {
        let (ratio, low, high) = (new.value / old.value, new.low / old.high, new.high / old.low);
        let verdict = match new.better {
            _ if old.rounds.min(new.rounds) < ROUNDS => "",
            // Not comparable (0 over 0) is not changed.
            _ if !(low > MARGIN || high < 1.0 / MARGIN) => "",
            Better::Lower if high < 1.0 => "better",
            Better::Higher if low > 1.0 => "better",
            Better::Lower | Better::Higher => "WORSE",
        };
        Self { ratio, low, high, verdict }
    }
}

/// The comparison as a table, and what has changed in a sentence.
pub(super) fn compare(old: &Report, new: &Report) -> String {
    let mut text = format!("\nagainst eegd {} of {}\n", old.eegd, old.taken_at);
    if old.machine != new.machine {
        text += "  not the same machine, or not as it was; it was\n";
        for line in &old.machine {
            // Writing to a string does not fail.
            let _ = writeln!(text, "    {line}");
        }
    }
    if old.quick != new.quick {
        text += "  one of the two was a quick look: they differ by more than their rounds show\n";
    }
    text += "  new/old  possible range  change  (a change: no pair of rounds contradicts it, by 10 % and more)\n";
    let mut changed = 0;
    for row in &new.rows {
        let Some(before) = old.rows.iter().find(|r| r.name == row.name && r.section == row.section)
        else {
            let _ = writeln!(text, "        -                     new     {}", row.name);
            continue;
        };
        let Change { ratio, low, high, verdict } = Change::of(before, row);
        changed += usize::from(!verdict.is_empty());
        let _ = writeln!(text, "  {ratio:7.2}  {low:5.2} .. {high:5.2}  {verdict:6}  {}", row.name);
    }
    let gone = old.rows.iter().filter(|old| !new.rows.iter().any(|new| new.name == old.name));
    for row in gone {
        let _ = writeln!(text, "        -                     gone    {}", row.name);
    }
    text + &match changed {
        0 => "Nothing has changed beyond the noise of the two runs.\n".to_owned(),
        1 => "One figure has changed beyond the noise of the two runs.\n".to_owned(),
        n => format!("{n} figures have changed beyond the noise of the two runs.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn what_changed_beyond_the_rounds_and_what_did_not() {
        let old = report(&[
            ("faster", Better::Lower, 9.0, 10.0, 11.0),
            ("noisy", Better::Lower, 5.0, 10.0, 30.0),
            ("carries less", Better::Higher, 100.0, 100.0, 110.0),
            ("carries more", Better::Higher, 100.0, 100.0, 110.0),
            ("gone", Better::Higher, 1.0, 1.0, 1.0),
        ]);
        let new = report(&[
            ("faster", Better::Lower, 4.5, 5.0, 5.5),
            ("noisy", Better::Lower, 6.0, 20.0, 40.0),
            ("carries less", Better::Higher, 50.0, 50.0, 55.0),
            ("carries more", Better::Higher, 220.0, 220.0, 242.0),
            ("added", Better::Higher, 1.0, 1.0, 1.0),
        ]);
        let text = compare(&old, &new);
        let expected = "
against eegd 0.1.0 of 2026-11-26T23:00:00Z
  new/old  possible range  change  (a change: no pair of rounds contradicts it, by 10 % and more)
     0.50   0.41 ..  0.61  better  faster
     2.00   0.20 ..  8.00          noisy
     0.50   0.45 ..  0.55  WORSE   carries less
     2.20   2.00 ..  2.42  better  carries more
        -                     new     added
        -                     gone    gone
3 figures have changed beyond the noise of the two runs.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn neither_a_single_round_nor_less_than_the_margin_is_a_change() {
        let old = report(&[
            ("once", Better::Lower, 9.0, 10.0, 11.0),
            ("near", Better::Lower, 10.0, 10.0, 10.0),
        ]);
        let mut new = report(&[
            ("once", Better::Lower, 4.0, 5.0, 5.5),
            ("near", Better::Lower, 10.9, 10.9, 10.9),
        ]);
        new.rows[0].rounds = 2;
        let text = compare(&old, &new);
        assert!(
            text.ends_with("Nothing has changed beyond the noise of the two runs.\n"),
            "{text}"
        );
        new.rows[0].rounds = 3;
        new.rows[1].low = 11.1;
        let text = compare(&old, &new);
        assert!(
            text.ends_with("2 figures have changed beyond the noise of the two runs.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_run_against_itself_has_not_changed() {
        let one = report(&[
            ("a", Better::Lower, 9.0, 10.0, 11.0),
            ("b", Better::Higher, 7.0, 7.0, 7.0),
            ("carries nothing", Better::Higher, 0.0, 0.0, 0.0),
        ]);
        assert!(
            compare(&one, &one)
                .ends_with("Nothing has changed beyond the noise of the two runs.\n")
        );
    }

    #[test]
    fn other_machines_and_other_efforts_are_said() {
        let old = report(&[]);
        let new = Report { quick: false, machine: vec!["another".to_owned()], ..old.clone() };
        let text = compare(&old, &new);
        assert!(text.contains("not the same machine") && text.contains("    a machine"), "{text}");
        assert!(text.contains("one of the two was a quick look"), "{text}");
    }
}
