//! What a daemon says, as JSON, and what it writes down when a board goes away.

use super::common::{Live, Scratch};
use serde_json::Value;
use std::fs;

/// A board that is gone for a while, soon after the start.
const UNPLUGGED: &str = "\
sensors:
  0:
    driver: simulated
    channels: 8
    faults: [{ unplugged: { at_s: 1, for_s: 1.5 } }]
stages:
  - acquire: { board: 0, sps: 250, gain: 24 }
  - csv_sink: { path: eeg.csv }
";

#[test]
fn a_burst_of_losses_is_logged_as_json_and_the_last_events_are_written_down() {
    let scratch = Scratch::new(UNPLUGGED);
    let arguments = ["--listen", "127.0.0.1:0", "--log-format", "json"];
    let live = Live::start(&mut scratch.eegd("run", &arguments));
    let flight = scratch.path("out/flight");
    let written = || fs::read_dir(&flight).into_iter().flatten().flatten().map(|f| f.path()).next();
    let dumped = || serde_json::from_str::<Value>(&fs::read_to_string(written()?).ok()?).ok();
    live.until("the flight recorder's file", |_| dumped().is_some());
    let dump = dumped().unwrap();
    assert!(dump["reason"].as_str().unwrap().starts_with("`acquire` lost "), "{}", dump["reason"]);
    assert_eq!(dump["pipeline"]["state"], "running");
    let events = dump["events"].as_array().unwrap();
    let figures = events.iter().filter(|event| event["message"] == "figures");
    assert!(figures.clone().any(|e| e["frames"].as_u64() > Some(0)), "what went before is in it");
    assert!(figures.clone().any(|e| e["lost_frames"].as_u64() > Some(0)), "and what went wrong");

    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    let lines: Vec<Value> = words
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let lost = |line: &&Value| line["stage"] == "acquire" && line["lost_frames"].as_u64() > Some(0);
    let line = lines.iter().find(lost).unwrap_or_else(|| panic!("no loss in {words}"));
    assert_eq!(line["level"], "warning");
    assert!(line["time_unix_ns"].as_i64() > Some(1_700_000_000_000_000_000), "{line}");
    assert!(lines.iter().all(|line| line["level"] != "debug"), "{words}");
}
