//! `eegd doctor` on the machine that the tests run on: what it says depends on the machine, how it says it does not.

use crate::common::{Scratch, code_and_words, eegd};
use serde_json::Value;
use std::process::Command;

const BOARDS: &str = "\
sensors:
  0: { driver: simulated, channels: 8, oscillator: { ppm: 5000 } }
  1: { driver: ads1299, spi: /dev/spidev9.9, drdy: { chip: no-such-chip, line: 26 } }
stages:
  - acquire: { id: simulated, board: 0, sps: 500, gain: 24 }
  - acquire: { id: absent, board: 1, sps: 250, gain: 24 }
  - csv_sink: { path: never.csv, inputs: [simulated] }
";

fn find<'f>(findings: &'f [Value], check: &str, words: &str) -> &'f Value {
    let is = |f: &&Value| f["check"] == check && f["found"].as_str().unwrap().contains(words);
    findings.iter().find(is).unwrap_or_else(|| panic!("no {check} `{words}` in {findings:#?}"))
}

#[test]
fn sensors_are_opened_and_counted_and_the_exit_code_is_that_of_the_worst() {
    let scratch = Scratch::new(BOARDS);
    let json = ["--json", "--listen", "127.0.0.1:0"];
    let output = scratch.eegd("doctor", &json).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    for finding in findings {
        let advised = finding.get("advice").is_some();
        assert_eq!(
            advised,
            finding["verdict"] != "ok",
            "advice where something is to do: {finding}"
        );
    }
    let simulated = find(findings, "sensor", "simulated, board 0 (simulated)");
    let words = simulated["found"].as_str().unwrap();
    let rate: f64 = words.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    // Its oscillator is half a per cent fast, and measured by its edges.
    assert!((rate / 502.5 - 1.0).abs() < 0.002, "{words}");
    let absent = find(findings, "sensor", "absent, board 1");
    assert_eq!(absent["verdict"], "fail");
    assert!(absent["found"].as_str().unwrap().contains("/dev/spidev9.9"), "{absent}");
    // That board is missing, so there is something to be put right, whatever else this machine lacks.
    assert_eq!((output.status.code(), &answer["verdict"]), (Some(1), &Value::from("fail")));
    let disk = find(findings, "disk", "out: ");
    assert_ne!(disk["verdict"], "fail", "{disk}");
    assert!(!scratch.path("out").exists(), "nothing is made by looking");
}

#[test]
fn without_a_terminal_there_are_no_colours_and_a_line_for_each_check() {
    let scratch = Scratch::new("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut doctor = eegd(&["doctor", "--listen", &listen, "--data-dir", "/proc/nowhere"]);
    let output = doctor.current_dir(scratch.folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!text.contains('\x1b'), "{text:?}");
    let line = |check: &str| {
        let is = |line: &&str| line.split_whitespace().nth(1) == Some(check);
        text.lines().find(is).unwrap_or_else(|| panic!("no {check} in {text}")).to_owned()
    };
    for check in ["machine", "kernel", "priority", "mlock", "isolation", "governor", "idle", "heat"]
    {
        line(check);
    }
    assert_eq!(
        line("port"),
        format!("warn  port       {listen} is taken, by an eegd that runs or by something else")
    );
    assert!(line("disk").starts_with("fail  disk       cannot write in /proc"), "{text}");
    assert_eq!(code_and_words(&output), (Some(1), String::new()), "{text}");
}

#[test]
fn the_right_to_a_priority_is_what_chrt_finds_it_to_be() {
    let scratch = Scratch::new("");
    let witness = |wrapped: &[&str]| {
        let words = [wrapped, &["chrt", "--fifo", "80", "true"]].concat();
        Command::new(words[0]).args(&words[1..]).output().unwrap().status.success()
    };
    let verdict = |wrapped: &[&str]| {
        let doctor = [env!("CARGO_BIN_EXE_eegd"), "doctor", "--json", "--listen", "127.0.0.1:0"];
        let words = [wrapped, &doctor].concat();
        let mut command = Command::new(words[0]);
        let output = command.args(&words[1..]).current_dir(scratch.folder.path()).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = answer["findings"].as_array().unwrap();
        find(findings, "priority", "SCHED_FIFO 80")["verdict"] == "ok"
    };
    assert_eq!(verdict(&[]), witness(&[]));
    // Even root has no right to it without the capability; only root can give one up.
    let without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];
    if Command::new(without[0]).args(&without[1..]).arg("true").status().unwrap().success() {
        assert!(!witness(&without));
        assert!(!verdict(&without));
    }
}

#[test]
fn a_pipeline_with_a_mistake_is_wrong_input() {
    let scratch = Scratch::new("- nothc: { hz: 50 }\n");
    let (code, words) = code_and_words(&scratch.eegd("doctor", &[]).output().unwrap());
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("did you mean `notch`?"), "{words}");
}
