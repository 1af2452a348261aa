//! `eegd bench --quick`: it ends, its JSON keeps its form, an interrupt leaves what was measured, another run is compared with it.
//!
//! No figure is asserted: they are this machine's.

use crate::common::{PATIENCE, code_and_words, eegd};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const WAKE: &str = "late by, p50";

fn bench(folder: &Path, more: &[&str]) -> Command {
    let mut command = eegd(&["bench", "--quick", "--data-dir", "."]);
    command.current_dir(folder).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Lets it measure for a while, then presses Ctrl-C.
fn interrupted(folder: &Path, after: Duration) -> Output {
    let mut child = bench(folder, &["--json", "part.json"]).spawn().unwrap();
    std::thread::sleep(after);
    assert!(child.try_wait().unwrap().is_none(), "over before it could be interrupted");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn an_interrupt_leaves_what_was_measured_and_a_whole_run_is_compared_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let output = interrupted(folder, Duration::from_secs(2));
    let (code, words) = code_and_words(&output);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((code, words.as_str()), (Some(1), "eegd: interrupted\n"), "{table}");
    assert!(table.contains("Interrupted: this is what was measured by then."), "{table}");
    assert!(table.contains(WAKE), "{table}");
    let mut part = read(&folder.join("part.json"));
    assert_eq!(part["complete"], false);
    // As if it had been slower by far, so that the comparison has something to say.
    let wake = part["rows"].as_array_mut().unwrap().iter_mut().find(|row| row["name"] == WAKE);
    let wake = wake.unwrap();
    for key in ["value", "low", "high"] {
        wake[key] = (wake[key].as_f64().unwrap() * 1e6 + 1e6).into();
    }
    wake["rounds"] = 6.into();
    fs::write(folder.join("old.json"), part.to_string()).unwrap();

    let files = ["--json", "all.json", "--plot", "all.svg", "--compare", "old.json"];
    let output = bench(folder, &files).output().unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!((code, words.as_str()), (Some(0), ""));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let changed = table.lines().find(|line| line.ends_with(WAKE) && line.contains("..")).unwrap();
    assert!(changed.contains("better"), "{changed}");
    assert!(!table.contains("Interrupted"), "{table}");

    let all = read(&folder.join("all.json"));
    let expected =
        ["format", "eegd", "taken_at", "quick", "complete", "machine", "load_before", "rows"];
    assert_eq!(keys(&all), expected);
    assert_eq!(
        (&all["format"], &all["complete"], &all["quick"]),
        (&1.into(), &true.into(), &true.into())
    );
    let rows = all["rows"].as_array().unwrap();
    for row in rows {
        assert_eq!(
            keys(row),
            ["name", "section", "unit", "better", "rounds", "value", "low", "high"]
        );
        let [low, value, high] = ["low", "value", "high"].map(|key| row[key].as_f64().unwrap());
        assert!(low <= value && value <= high, "{row}");
        assert!(table.contains(row["name"].as_str().unwrap()), "{row} is not in the table");
    }
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in ["to_voltage", "notch", "bdf_sink", "csv_sink", "to a sleeping thread, p99"] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    let knees = rows.iter().filter(|row| row["unit"].as_str().unwrap().starts_with("samples/s"));
    let knees: Vec<&str> = knees.map(|row| row["name"].as_str().unwrap()).collect();
    let (everywhere, with_rights) = knees.split_at(4);
    assert_eq!(
        everywhere,
        ["filters alone", "two recorders", "50 clients", "two recorders, 50 clients"]
    );
    // As for the wake-ups: only where this process has a right to a priority.
    assert_eq!(names.contains(&"late by, under SCHED_FIFO, p50"), !with_rights.is_empty());
    assert!(with_rights.iter().all(|name| name.contains("SCHED_FIFO")), "{knees:?}");
    let picture = fs::read_to_string(folder.join("all.svg")).unwrap();
    assert_eq!(picture.matches("class=\"bar\"").count(), rows.len());
    // Nothing else is left: no recording, no folder.
    let mut left: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["all.json", "all.svg", "old.json", "part.json"]);
}

#[test]
fn what_it_is_to_be_compared_with_is_read_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    for (text, words) in [
        (None, "eegd: cannot read old.json: "),
        (Some("{}"), "eegd: old.json is no report of `eegd bench --json`: "),
        (
            Some(
                r#"{"format":9,"eegd":"9","taken_at":"","quick":true,"complete":true,"machine":[],"rows":[]}"#,
            ),
            "eegd: old.json has format 9, this eegd knows 1",
        ),
    ] {
        text.into_iter().for_each(|text| fs::write(&old, text).unwrap());
        let output = bench(folder.path(), &["--compare", "old.json"]).output().unwrap();
        let (code, said) = code_and_words(&output);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.starts_with(words), "{said}");
        assert!(output.stdout.is_empty());
    }
}
