//! What is wrong is said in one plain sentence, and the exit code says whose mistake it is.

use crate::common::{Live, Scratch, Table, code_and_words, eegd};
use std::net::TcpListener;

const GOOD: &str = "\
- playback: { path: '{data}/cyton_blinks_jaw_alpha.bdf', speed: 0 }
- to_voltage
- notch: { hz: 60 }
- csv_sink: { path: out.csv }
";

/// Runs `eegd COMMAND p.yaml ...` on a pipeline; exit code and standard error.
fn said(pipeline: &str, command: &str, more: &[&str]) -> (Option<i32>, String) {
    code_and_words(&Scratch::new(pipeline).eegd(command, more).output().unwrap())
}

#[test]
fn a_file_that_is_not_there_is_2() {
    for command in ["process", "run", "check"] {
        let (code, words) = code_and_words(&eegd(&[command, "no/such.yaml"]).output().unwrap());
        assert_eq!(code, Some(2), "{command}: {words}");
        assert!(words.contains("no/such.yaml: there is no such file"), "{words}");
    }
}

#[test]
fn every_typo_is_2_with_its_line_and_the_nearest_name() {
    let pipeline = GOOD.replace("notch:", "notsh:").replace("csv_sink: { path", "csv_sink: { pth");
    for command in ["process", "run"] {
        let (code, words) = said(&pipeline, command, &[]);
        assert_eq!(code, Some(2), "{command}: {words}");
        assert!(
            words.contains("p.yaml:3:3: there is no stage kind `notsh`; did you mean `notch`?"),
            "{words}"
        );
        assert!(words.contains("p.yaml:4:") && words.contains("did you mean `path`?"), "{words}");
        assert!(words.starts_with("eegd: p.yaml has 2 mistakes\n"), "{words}");
    }
}

#[test]
fn stages_by_name_and_one_that_there_is_not() {
    let out = eegd(&["stages", "notch", "bandpass"]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(text.matches(" (transform)\n").count(), 2, "{text}");
    assert!(text.starts_with("notch (transform)") && text.contains("\nbandpass ("), "{text}");
    let (code, words) = code_and_words(&eegd(&["stages", "notsh"]).output().unwrap());
    assert_eq!(code, Some(2), "{words}");
    assert_eq!(words, "eegd: there is no stage kind `notsh`; did you mean `notch`?\n");
}

#[test]
fn arguments_that_do_not_exist_are_2() {
    for arguments in
        [&["proces", "p.yaml"][..], &["process"], &["run", "--listen", "here"], &["--bogus"]]
    {
        let (code, words) = code_and_words(&eegd(arguments).output().unwrap());
        assert_eq!(code, Some(2), "{arguments:?}: {words}");
        assert!(words.starts_with("error: "), "{words}");
    }
}

#[test]
fn a_pipeline_where_a_command_is_expected_is_2_and_says_what_to_type() {
    let (code, words) = code_and_words(&eegd(&["my.yaml"]).output().unwrap());
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.starts_with("eegd: `my.yaml` is a pipeline, not a command: `eegd run my.yaml`"),
        "{words}"
    );
}

#[test]
fn a_busy_port_is_1_and_says_how_to_get_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, words) = said(GOOD, "run", &["--listen", &address]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.starts_with(&format!("eegd: cannot listen on {address}")), "{words}");
    assert!(words.contains("--listen 127.0.0.1:0"), "{words}");
}

#[test]
fn another_address_than_loopback_without_a_token_is_2() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let (code, words) = said(GOOD, "run", &["--listen", address]);
        assert_eq!(code, Some(2), "{address}: {words}");
        assert!(words.contains("--token-file"), "{words}");
    }
    let (code, words) = said(GOOD, "run", &["--listen", "127.0.0.1:0", "--token-file", "no/such"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("cannot read the token file no/such"), "{words}");
}

#[test]
fn a_data_dir_that_cannot_be_written_is_1_with_the_line_of_the_stage() {
    for command in ["process", "run"] {
        let scratch = Scratch::new(GOOD);
        // A file where the folder should be: nobody can write below that, root included.
        std::fs::write(scratch.path("out"), "in the way").unwrap();
        let more: &[&str] = if command == "run" { &["--listen", "127.0.0.1:0"] } else { &[] };
        let (code, words) = code_and_words(&scratch.eegd(command, more).output().unwrap());
        assert_eq!(code, Some(1), "{command}: {words}");
        assert!(words.starts_with(
            "eegd: p.yaml cannot be started\np.yaml:4:3: `csv_sink`: cannot create out/out.csv: "
        ));
        assert!(words.contains("the folder out cannot be made"), "{words}");
    }
}

#[test]
fn set_changes_the_parameter_it_names() {
    let scratch = Scratch::new(GOOD);
    let run = |name: &str, set: &[&str]| {
        let (code, words) = code_and_words(&scratch.eegd("process", set).output().unwrap());
        assert_eq!(code, Some(0), "{words}");
        let text = scratch.out("out.csv");
        let table = Table::parse(&text);
        table.assert_complete();
        assert_eq!(table.rows(), 22_250, "{name}");
        text
    };
    let (sixty, again) = (run("60", &[]), run("60 again", &["--set", "notch.hz=60"]));
    let fifty = run("50", &["--set", "notch.hz=50", "--set", "notch.q=10"]);
    assert_eq!(sixty, again);
    assert_ne!(sixty, fifty);
}

#[test]
fn set_that_cannot_be_is_2_and_named() {
    for (set, expected) in [
        ("notch.hzz=50", "--set notch.hzz=50: `notch` has no parameter `hzz`; did you mean `hz`?"),
        ("nosch.hz=50", "--set nosch.hz=50: there is no stage `nosch`; did you mean `notch`?"),
        ("notch=50", "--set notch=50: write STAGE.PARAM=VALUE"),
        ("notch.hz=125", "--set notch.hz=125: "),
    ] {
        let (code, words) = said(GOOD, "process", &["--set", set]);
        assert_eq!(code, Some(2), "{set}: {words}");
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn port_0_prints_the_address_it_got() {
    let scratch = Scratch::new(
        &GOOD.replace("csv_sink: { path: out.csv }", "websocket_sink: { topic: eeg }"),
    );
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    let port: u16 = live.address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert_ne!(port, 0);
    assert_eq!(live.get("/pipeline")["config"]["stages"]["notch"]["params"]["hz"], 60.0);
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
}
