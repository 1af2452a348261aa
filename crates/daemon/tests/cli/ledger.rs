//! The ledger over HTTP, by `eegd ctl ledger` and in the recordings: whatever goes wrong, it balances to the sample, and says what
//! the files say.

use crate::common::{Live, Scratch, Table, code_and_words, eegd};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// Everything that can happen to a board, and at the end it is pulled off and stays away. Its time begins half a second before its
/// first sample.
const FAULTS: &str = "\
sensors:
  0:
    driver: simulated
    channels: 4
    read_twice: true
    faults:
      - missed_edges: { at_s: 1.0, count: 5 }
      - late_edge: { at_s: 1.2, for_s: 0.004 }
      - late_read: { at_s: 1.5, for_s: 0.05 }
      - bit_flips: { at_s: 2.0, count: 3 }
      - brown_out: { at_s: 2.5 }
      - counter_jump: { at_s: 3.5, by: 7 }
      - clock_step: { at_s: 3.6, by_s: 3600 }
      - silent_drdy: { at_s: 4.0, for_s: 0.2 }
      - unplugged: { at_s: 5.3, for_s: 10000 }
stages:
  - acquire: { board: 0, sps: 1000, gain: 24 }
  - csv_sink: { id: codes, path: codes.csv }
  - bdf_sink: { path: raw.bdf }
  - xdf_sink: { path: raw.xdf }
  - to_voltage
  - bandpass: { low_hz: 1, high_hz: 40 }
  - csv_sink: { id: filtered, path: filtered.csv }
  - edf_sink: { path: filtered.edf }
  - websocket_sink: { topic: eeg }
";

/// `eegd ctl ... ARGUMENTS`: its standard output, if it did well.
fn ctl(live: &Live, arguments: &[&str]) -> String {
    let url = format!("http://{}", live.address);
    let output = eegd(&["ctl", "--url", &url]).args(arguments).output().unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!(code, Some(0), "{words}");
    String::from_utf8(output.stdout).unwrap()
}

/// Stops the pipeline and gives the ledger, as the API and as `eegd ctl` have it: they have to agree.
fn stopped(live: &Live) -> (Value, String) {
    assert_eq!(ctl(live, &["stop"]), "stopped (idle)\n");
    let ledger = live.get("/pipeline/ledger");
    let by_ctl: Value = serde_json::from_str(&ctl(live, &["ledger", "--json"])).unwrap();
    assert_eq!(ledger, by_ctl);
    assert_eq!(ledger["balances"], true, "{ledger:#}");
    (ledger, ctl(live, &["ledger"]))
}

fn stage<'l>(ledger: &'l Value, id: &str) -> &'l Value {
    let stages = ledger["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["stage"] == id).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn with_every_fault_of_a_board_and_an_end_while_it_is_away_all_is_accounted_for() {
    let scratch = Scratch::new(FAULTS);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    live.until("the last second", |live| live.figure("codes", "frames_in") > 3800);
    std::thread::sleep(Duration::from_millis(2500));
    let (ledger, table) = stopped(&live);

    let acquire = stage(&ledger, "acquire");
    let causes = acquire["lost_by_cause"].as_object().unwrap();
    let lost: u64 = causes.values().map(number).sum();
    let (acquired, passed_on) = (number(&acquire["acquired"]), number(&acquire["passed_on"]));
    assert_eq!(acquired, passed_on + lost, "{acquire:#}");
    for cause in ["missed", "late", "outage"] {
        assert!(number(&causes[cause]) > 0, "nothing was lost to {cause}: {acquire:#}");
    }
    for id in [
        "codes",
        "bdf_sink",
        "xdf_sink",
        "to_voltage",
        "bandpass",
        "filtered",
        "edf_sink",
        "websocket_sink",
    ] {
        let line = stage(&ledger, id);
        assert_eq!(number(&line["taken"]), passed_on, "{id}");
        assert_eq!(number(&line["lost"]), lost, "{id}: the gap at the end too");
        assert_eq!((&line["under_way"], &line["unaccounted"]), (&0.into(), &0.into()), "{id}");
    }

    // What the files themselves say.
    for (id, name) in [("codes", "codes.csv"), ("filtered", "filtered.csv")] {
        let rows = Table::parse(&scratch.out(name));
        let file = &stage(&ledger, id)["files"][0];
        assert_eq!((&file["file"], &file["open"]), (&name.into(), &false.into()));
        assert_eq!(number(&file["recorded"]), rows.rows());
        assert_eq!(number(&file["missing"]), acquired - rows.rows());
        assert!(acquired - rows.samples.last().unwrap() > 500, "the end was not counted");
    }
    let sources: Vec<String> = causes
        .iter()
        .filter(|(_, frames)| **frames != 0)
        .map(|(cause, frames)| format!("{cause}={frames}"))
        .collect();
    for (id, name, text) in [
        ("codes", "codes.csv", scratch.out("codes_events.tsv")),
        ("bdf_sink", "raw.bdf", bytes(&scratch, "raw.bdf")),
        ("xdf_sink", "raw.xdf", bytes(&scratch, "raw.xdf")),
    ] {
        let said = text.split_once(&format!("acquire: acquired={acquired} passed_on={passed_on}"));
        let (_, said) = said.unwrap_or_else(|| panic!("no ledger in {name}"));
        assert!(sources.iter().all(|cause| said.contains(cause)), "{name}: {sources:?}");
        assert!(said.contains(&format!("{id}: taken={passed_on} lost={lost}")), "{name}");
        let file = format!("{name}: first_sample=0 recorded={passed_on} missing={lost}");
        assert!(said.contains(&file), "{name}");
    }
    // What is computed says what is in it, and nothing that would be different if it were computed again.
    let computed = bytes(&scratch, "filtered.edf");
    assert!(computed.contains(&format!("Ledger recorded={passed_on} missing={lost}\u{14}")));
    let first = table.lines().nth(1).unwrap();
    assert!(
        first.starts_with("acquire") && first.contains(&format!("{} outage", causes["outage"])),
        "{table}"
    );
    assert!(table.ends_with("balances: every sample is there or reported lost\n"), "{table}");
}

fn bytes(scratch: &Scratch, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(scratch.path("out").join(name)).unwrap()).into_owned()
}

/// A disk that takes 102 kB of the first file and no more; the second one stays small.
const FULL: &str = "\
sensors:
  0: { driver: simulated, channels: 8 }
stages:
  - acquire: { board: 0, sps: 2000, gain: 24 }
  - csv_sink: { id: big, path: big.csv, buffer_s: 0.5, on_error: skip_packet }
  - to_voltage
  - downsample: { to: 100 }
  - csv_sink: { id: small, path: small.csv }
";

#[test]
fn what_a_disk_does_not_take_is_dropped_and_counted() {
    let scratch = Scratch::new(FULL);
    let run = scratch.eegd("run", &["--listen", "127.0.0.1:0"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 200 && trap '' XFSZ && exec \"$@\"", "sh"]);
    limited.arg(run.get_program()).args(run.get_args()).current_dir(scratch.folder.path());
    let live = Live::start(&mut limited);
    live.until("an overflow", |live| live.figure("big", "dropped_frames") > 1000);
    let (ledger, table) = stopped(&live);
    let acquired = number(&stage(&ledger, "acquire")["acquired"]);
    let big = stage(&ledger, "big");
    assert_eq!(number(&big["taken"]) + number(&big["lost"]), acquired);
    let rows = Table::parse(&scratch.out("big.csv"));
    rows.assert_complete();
    let file = &big["files"][0];
    assert_eq!(number(&file["recorded"]), rows.rows(), "{big:#}");
    assert_eq!(
        rows.rows() + number(&file["missing"]) + number(&big["waiting"]),
        acquired,
        "in the file, missing in it, or never written: {big:#}"
    );
    assert!(number(&big["waiting"]) <= number(&big["dropped"]), "{big:#}");
    assert!(table.contains(&format!("{} dropped", big["dropped"])), "{table}");
    let small = Table::parse(&scratch.out("small.csv"));
    small.assert_complete();
    assert_eq!(small.rows(), acquired.div_ceil(20));
    assert_eq!(number(&stage(&ledger, "small")["taken"]), small.rows());
}
