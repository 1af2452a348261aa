//! What a board goes through, from outside: it is told with the stage whose board it is, in the log, to live clients and in every
//! recording; a clock that is set moves no time; a current that is not for people is refused while the pipeline runs.

use super::support::{Listener, Rig};
use eeg_formats::open_path;
use serde_json::{Value, json};
use std::fs;

/// Two faults, half a second before which the board is powered.
const FAULTS: &str = "\
sensors:
  0:
    driver: simulated
    channels: 4
    faults:
      - brown_out: { at_s: 1.2 }
      - unplugged: { at_s: 2.2, for_s: 0.7 }
stages:
  - acquire: { id: amplifier, board: 0, sps: 1000, gain: 24 }
  - csv_sink: { path: a.csv }
  - bdf_sink: { path: a.bdf }
  - xdf_sink: { path: a.xdf }
  - to_voltage
  - websocket_sink: { topic: eeg }
";

/// What is told of them, in order.
const TOLD: [&str; 6] = [
    "no data-ready edge on the simulated data-ready line within ",
    "the board has been set up again and converts; ",
    "no data-ready edge on the simulated data-ready line within ",
    "simulated chip 1 answers with identity 0x00, which is nothing at all: ",
    "the board has been set up again and converts; ",
    " samples were lost: ",
];

fn is_told(texts: &[String], whose: &str) {
    let mut rest = texts.iter();
    for told in TOLD {
        let found = rest.any(|text| text.starts_with(whose) && text.contains(told));
        assert!(found, "`{whose}...{told}` is not in its place in {texts:#?}");
    }
}

#[test]
fn brown_out_outage_and_recovery_are_told_everywhere_with_the_stage() {
    let rig = Rig::with(FAULTS, &["--log-format", "json"]);
    let listener = Listener::start(&rig.live.address, "eeg");
    rig.until_frames("csv_sink", 2200);
    let heard = listener.stop();
    rig.live.signal("-INT");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");

    let log: Vec<Value> = words.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_board = |line: &&Value| line["kind"] == "board";
    let logged: Vec<&Value> = log.iter().filter(of_board).collect();
    assert!(logged.iter().all(|line| line["stage"] == "amplifier"), "{logged:#?}");
    let texts = |lines: &[&Value], key: &str| -> Vec<String> {
        lines.iter().map(|line| line[key].as_str().unwrap().to_owned()).collect()
    };
    is_told(&texts(&logged, "message"), "`amplifier`: ");

    let is_event = |message: &&Value| message["type"] == "event" && message["event"] == "board";
    let live: Vec<&Value> = heard.messages.iter().filter(is_event).collect();
    let from_board = |event: &&&Value| event["stage"] == "amplifier";
    assert_eq!(live.iter().filter(from_board).count(), live.len(), "{live:#?}");
    is_told(&texts(&live, "text"), "");

    let table = rig.scratch.out("a_events.tsv");
    let of_table: Vec<String> = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|row| row[3] == "board")
        .map(|row| row[4].to_owned())
        .collect();
    is_told(&of_table, "amplifier: ");
    for name in ["a.bdf", "a.xdf"] {
        let mut recording = open_path(&rig.scratch.path("out").join(name)).unwrap();
        let texts: Vec<String> = recording.annotations().map(|a| a.unwrap().text).collect();
        let of_board: Vec<String> =
            texts.iter().filter(|text| text.starts_with("Board ")).cloned().collect();
        is_told(&of_board, "Board amplifier: ");
    }
}

const CLOCK_STEP: &str = "\
record: { participant: P7, task: clock, record: [to_voltage] }
sensors:
  0:
    driver: simulated
    channels: 2
    faults:
      - clock_step: { at_s: 1.5, by_s: 3600 }
stages:
  - acquire: { board: 0, sps: 1000, gain: 24 }
  - csv_sink: { path: a.csv }
  - to_voltage
  - websocket_sink: { topic: eeg }
";

#[test]
fn a_clock_that_is_set_moves_no_time_and_no_sample_of_a_run() {
    let rig = Rig::new(CLOCK_STEP);
    let before_ns = unix_ns();
    let listener = Listener::start(&rig.live.address, "eeg");
    rig.until_frames("csv_sink", 4500);
    let measured = rig.pipeline()["stages"]["acquire"]["source"]["figures"].clone();
    assert_eq!(measured["system_clock_ahead_s"], 3600.0, "{measured:#}");
    let metrics = rig.live.get_text("/metrics");
    let ahead = "eegd_source_system_clock_ahead_seconds{stage=\"acquire\"} 3600\n";
    assert!(metrics.contains(ahead), "{metrics}");
    let heard = listener.stop();
    // Every sample, and its time a millisecond after the one before: the board's own figure, and no hour in between.
    heard.assert_whole();
    let times = &heard.times;
    for pair in times.windows(2) {
        let [(one, one_ns), (other, other_ns)] = [pair[0], pair[1]];
        let off_ns = other_ns - one_ns - (other - one) as i64 * 1_000_000;
        assert!(off_ns.abs() < 20_000, "{pair:?}: {off_ns} ns");
    }
    let (_, last_ns) = times[times.len() - 1];
    assert!((before_ns..=unix_ns()).contains(&last_ns), "the times of the run go on as before");
    let told: Vec<&Value> = heard
        .messages
        .iter()
        .filter(|m| m["text"].as_str().is_some_and(|text| text.contains("clock was set")))
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    let text = "the system's clock was set forward by 3600.000 s; the times of this run go on as before: the system's clock is \
                +3600.000 s from them";
    assert_eq!((&told[0]["text"], &told[0]["stage"]), (&json!(text), &json!("acquire")));

    rig.live.signal("-INT");
    let (code, words) = rig.live.end();
    assert_eq!(code, Some(0), "{words}");
    let table = crate::common::Table::parse(&rig.scratch.out("a.csv"));
    table.assert_complete();
    let first = table.lines[0].split(',').nth(1).unwrap();
    assert_eq!(first, "0");
    assert!(rig.scratch.out("a_events.tsv").contains(&format!("board\tacquire: {text}\n")));

    let folder = fs::read_dir(rig.scratch.path("out/studies")).unwrap().next().unwrap().unwrap();
    let meta = fs::read_to_string(folder.path().join("session_meta.json")).unwrap();
    let meta: Value = serde_json::from_str(&meta).unwrap();
    let measured = &meta["stages"]["acquire"]["measured"];
    assert_eq!(measured["system_clock_ahead_s"], 3600.0, "{meta:#}");
    assert!(measured["rate_ppm"].is_number(), "{measured:#}");
    let mut raw = open_path(&folder.path().join("P7_clock_acquire.bdf")).unwrap();
    let texts: Vec<String> = raw.annotations().map(|a| a.unwrap().text).collect();
    let said = texts.iter().filter(|annotation| **annotation == format!("Board acquire: {text}"));
    assert_eq!(said.count(), 1, "{texts:#?}");
}

fn unix_ns() -> i64 {
    pipeline_core::clock::pair_ns().1
}

const LEAD_OFF: &str = "\
sensors:
  0: { driver: simulated, channels: 2 }
stages:
  - acquire: { board: 0, sps: 500, gain: 24 }
  - to_voltage
  - websocket_sink: { topic: eeg }
";

#[test]
fn currents_that_are_not_for_people_are_refused_while_it_runs() {
    let rig = Rig::new(LEAD_OFF);
    rig.until_frames("to_voltage", 100);
    let set = |current: &str| {
        let value = json!({ "current": current, "drive": "31.2hz" });
        rig.patch(
            &json!([{ "op": "add", "path": "/stages/acquire/params/lead_off", "value": value }]),
        )
    };
    for current in ["6uA", "24uA"] {
        let problem = set(current).problem(422, "invalid");
        let detail = problem.to_string();
        assert!(detail.contains("not for people") && detail.contains("lab_mode: true"), "{detail}");
    }
    // Nothing has come of it, and what is allowed is done.
    let pipeline = rig.pipeline();
    assert_eq!(pipeline["config"]["stages"]["acquire"]["params"]["lead_off"], Value::Null);
    set("24nA").ok();
    let now = rig.pipeline();
    assert_eq!(now["config"]["stages"]["acquire"]["params"]["lead_off"]["current"], "24nA");
    // With nobody connected, and only after that has been said.
    let lab = json!([{ "op": "add", "path": "/sensors/0/lab_mode", "value": true }]);
    rig.patch(&lab).ok();
    set("6uA").ok();
}

/// Two boards, the second 0.5 % fast.
const APART: &str = "\
sensors:
  0: { driver: simulated, channels: 2, labels: [A1, A2] }
  1: { driver: simulated, channels: 2, labels: [B1, B2], oscillator: { ppm: 5000 } }
stages:
  - acquire: { id: slow, board: 0, sps: 1000, gain: 24 }
  - acquire: { id: fast, board: 1, sps: 1000, gain: 24 }
  - align_and_zip: { id: both, inputs: [slow, fast] }
  - csv_sink: { path: a.csv }
";

#[test]
fn a_board_that_is_half_a_percent_fast_is_joined_and_told() {
    let rig = Rig::new(APART);
    rig.until_frames("csv_sink", 7000);
    let pipeline = rig.pipeline();
    let ppm = |id: &str| pipeline["stages"][id]["source"]["figures"]["rate_ppm"].as_f64().unwrap();
    let apart = ppm("fast") - ppm("slow");
    assert!((apart - 5000.0).abs() < 100.0, "{apart} ppm");
    let metrics = rig.live.get_text("/metrics");
    for id in ["slow", "fast"] {
        assert!(metrics.contains(&format!("eegd_source_clock_ppm{{stage=\"{id}\"}}")), "{metrics}");
    }
    rig.post("/pipeline/shutdown").ok();
    let ledger = rig.live.get("/pipeline/ledger");
    assert_eq!(ledger["balances"], true, "{ledger:#}");
    let rows = crate::common::Table::parse(&rig.scratch.out("a.csv"));
    rows.assert_complete();
    assert_eq!(rows.columns[2..], ["A1", "A2", "B1", "B2"]);
    // One of 200 of the fast board's frames has no partner; and what came of one board before the other had begun, or after it had ended.
    let stages = ledger["stages"].as_array().unwrap();
    let both = stages.iter().find(|stage| stage["stage"] == "both").unwrap();
    let dropped = both["dropped"].as_u64().unwrap();
    let least = rows.rows() / 200 - 3;
    assert!((least..least + 400).contains(&dropped), "{dropped} dropped of {}", rows.rows());

    let events = rig.scratch.out("a_events.tsv");
    let told: Vec<&str> =
        events.lines().filter(|line| line.contains(" ppm faster than ")).collect();
    let [told] = told[..] else { panic!("told once: {events}") };
    let words = told.split_once("\tboard\tboth: `fast` is ").unwrap_or_else(|| panic!("{told}")).1;
    let (ppm, rest) = words.split_once(" ppm faster than `slow`: one of ").unwrap();
    println!("{told}");
    assert!((ppm.parse::<f64>().unwrap() - 5000.0).abs() < 500.0, "{told}");
    assert!(rest.ends_with(" of its frames has no partner and is left out"), "{told}");
}
