//! The ledger as a table for people.

use crate::ledger::{LedgerReport, StageLine};
use std::fmt::Write;

/// What nothing stands for: the stage has no such thing.
const NONE: &str = "-";

/// Sources, stages, files, topics and clients, each with what was lost there; columns as wide as they have to be.
pub(super) fn ledger_text(report: &LedgerReport) -> String {
    let mut text = String::new();
    let head = ["stage", "acquired", "taken", "lost", "passed on", "under way", "lost here"];
    table(&mut text, &head, report.stages.iter().map(stage).collect());
    let files = report.stages.iter().flat_map(|stage| {
        stage.files.iter().map(|file| {
            let state = if file.open { "open" } else { "closed" };
            let [first, recorded, missing] =
                [file.first_sample, file.recorded, file.missing].map(|n| n.to_string());
            vec![file.file.clone(), stage.stage.clone(), first, recorded, missing, state.to_owned()]
        })
    });
    let head = ["file", "of", "from sample", "recorded", "missing", ""];
    table(&mut text, &head, files.collect());
    let topics = report.topics.iter().map(|topic| {
        vec![
            topic.topic.clone(),
            topic.taken.to_string(),
            topic.lost.to_string(),
            told(&[("hand-over full", topic.overflow)]),
        ]
    });
    table(&mut text, &["topic", "taken", "lost", "lost here"], topics.collect());
    let clients = report.clients.iter().flat_map(|client| {
        client.topics.iter().map(|(name, topic)| {
            vec![
                format!("{} {}", client.client, client.peer),
                name.clone(),
                topic.taken.to_string(),
                topic.lost.to_string(),
                topic.under_way.to_string(),
                told(&[("too slow", topic.lagged)]),
            ]
        })
    });
    let head = ["client", "topic", "taken", "lost", "under way", "lost here"];
    table(&mut text, &head, clients.collect());
    text += if report.balances {
        "balances: every sample is there or reported lost\n"
    } else {
        "DOES NOT BALANCE\n"
    };
    text
}

fn stage(line: &StageLine) -> Vec<String> {
    let is_source = line.inputs.is_empty();
    let of_input = |frames: u64| if is_source { NONE.to_owned() } else { frames.to_string() };
    let causes = line.lost_by_cause.iter().map(|(cause, frames)| (cause.as_str(), *frames));
    let here: Vec<(&str, u64)> = causes
        .chain([
            ("queue full", line.overflow),
            ("dropped", line.dropped),
            ("skipped after an error", line.skipped),
            ("unaccounted", line.unaccounted.unsigned_abs()),
        ])
        .collect();
    vec![
        line.stage.clone(),
        line.acquired.map_or_else(|| NONE.to_owned(), |frames| frames.to_string()),
        of_input(line.taken),
        of_input(line.lost),
        line.passed_on.to_string(),
        line.under_way.to_string(),
        told(&here),
    ]
}

/// "3 missed, 97 outage"; nothing for nothing.
fn told(losses: &[(&str, u64)]) -> String {
    let some = losses.iter().filter(|(_, frames)| *frames > 0);
    some.map(|(what, frames)| format!("{frames} {what}")).collect::<Vec<_>>().join(", ")
}

/// Names to the left, numbers to the right; nothing without rows.
fn table(text: &mut String, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let head: Vec<String> = head.iter().map(|&word| word.to_owned()).collect();
    let rows: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let number = rows[1..].iter().all(|row| {
                row[column] == NONE || row[column].bytes().all(|byte| byte.is_ascii_digit())
            });
            let gap = if column == 0 { "" } else { "  " };
            // Writing to a string does not fail.
            let _ = if number && column > 0 {
                write!(line, "{gap}{cell:>width$}")
            } else {
                write!(line, "{gap}{cell:width$}")
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_that_says_where_samples_were_lost() {
        let stage = |name: &str, inputs: &[&str], taken: u64, lost: u64| {
            json!({
                "stage": name, "inputs": inputs, "ended": false, "acquired": null, "lost_by_cause": {}, "taken": taken,
                "lost": lost, "overflow": 0, "dropped": 0, "skipped": 0, "passed_on": 0, "under_way": 0, "unaccounted": 0,
            })
        };
        let mut acquire = stage("acquire", &[], 0, 0);
        acquire["acquired"] = 1000.into();
        acquire["lost_by_cause"] = json!({ "missed": 3, "outage": 97, "late": 0 });
        acquire["passed_on"] = 890.into();
        acquire["under_way"] = 10.into();
        let mut sink = stage("csv_sink", &["acquire"], 850, 140);
        sink["overflow"] = 40.into();
        sink["files"] = json!([
            { "file": "a.csv", "first_sample": 0, "recorded": 840, "missing": 140, "open": true },
        ]);
        let report = json!({
            "balances": true,
            "stages": [acquire, sink],
            "topics": [{ "topic": "eeg", "taken": 700, "lost": 50, "overflow": 50 }],
            "clients": [{ "client": 1, "peer": "/ws/data from 127.0.0.1", "since_unix_ns": 0, "topics": {
                "eeg": { "packets": 7, "taken": 70, "lost": 30, "lagged": 20, "under_way": 5 },
            } }],
        });
        let report: LedgerReport = serde_json::from_value(report).unwrap();
        let expected = "\
stage     acquired  taken  lost  passed on  under way  lost here
acquire       1000      -     -        890         10  3 missed, 97 outage
csv_sink         -    850   140          0          0  40 queue full

file   of        from sample  recorded  missing
a.csv  csv_sink            0       840      140  open

topic  taken  lost  lost here
eeg      700    50  50 hand-over full

client                     topic  taken  lost  under way  lost here
1 /ws/data from 127.0.0.1  eeg       70    30          5  20 too slow

balances: every sample is there or reported lost
";
        assert_eq!(ledger_text(&report), expected);
    }
}
