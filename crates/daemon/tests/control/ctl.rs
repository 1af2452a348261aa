//! `eegd ctl`, the command-line client, and the options of `eegd run` that have to do with control.

use crate::common::{code_and_words, eegd};
use crate::support::{Rig, TWO_BRANCHES, ask};
use std::process::Stdio;

/// Runs `eegd ctl` against a rig: exit code, standard output, standard error.
fn ctl(rig: &Rig, arguments: &[&str]) -> (Option<i32>, String, String) {
    let url = format!("http://{}", rig.live.address);
    let mut command = eegd(&["ctl", "--url", &url]);
    let output = command.args(arguments).current_dir(rig.scratch.folder.path()).output().unwrap();
    let (code, words) = code_and_words(&output);
    (code, String::from_utf8(output.stdout).unwrap(), words)
}

#[test]
fn everything_the_api_can_do() {
    let rig = Rig::new(TWO_BRANCHES);
    let said = |arguments: &[&str]| {
        let (code, said, words) = ctl(&rig, arguments);
        assert_eq!((code, words.as_str()), (Some(0), ""), "{arguments:?}");
        said
    };
    let status = said(&["status"]);
    assert!(status.starts_with("running (revision 1, from p.yaml)\n"), "{status}");
    assert!(status.contains("notch") && status.contains("0 lost"), "{status}");
    let json: serde_json::Value = serde_json::from_str(&said(&["status", "--json"])).unwrap();
    assert_eq!(json["state"], "running");
    assert!(
        said(&["set", "notch.hz=50", "notch.q=20"]).starts_with("revision 2: notch at sample ")
    );
    assert!(
        said(&["patch", r#"[{"op":"replace","path":"/name","value":"x"}]"#, "--if-revision", "2"])
            .starts_with("revision 3")
    );
    assert!(
        said(&[
            "stage",
            "add",
            "fft",
            "--kind",
            "psd",
            "--after",
            "notch",
            "--params",
            r#"{"window_s":1}"#
        ])
        .contains("fft at sample")
    );
    assert!(said(&["stage", "restart", "fft"]).contains("fft at sample"));
    assert!(said(&["stage", "remove", "fft"]).starts_with("revision 6"));
    let marked = said(&["marker", "eyes closed"]);
    let now_ns: i64 =
        marked.strip_prefix("marked at ").unwrap().trim_end_matches(" ns\n").parse().unwrap();
    let earlier = (now_ns - 1_000_000).to_string();
    let again = said(&["marker", "before that", "--time", &earlier]);
    assert_eq!(again, format!("marked at {earlier} ns\n"));
    let topics = said(&["topics"]);
    assert!(
        topics.lines().any(|line| line.contains(" packets ") && line.contains("0 lost")),
        "{topics}"
    );
    let ledger = said(&["ledger"]);
    assert!(ledger.starts_with("stage ") && ledger.contains("\nnotch "), "{ledger}");
    assert!(ledger.ends_with("balances: every sample is there or reported lost\n"), "{ledger}");
    let json: serde_json::Value = serde_json::from_str(&said(&["ledger", "--json"])).unwrap();
    let stages = json["stages"].as_array().unwrap();
    let notch = stages.iter().find(|stage| stage["stage"] == "notch").unwrap();
    assert!(notch["taken"].as_u64().unwrap() > 0, "{json}");
    let begun = said(&[
        "study", "begin", "P001", "--task", "rest", "--notes", "cap M", "--record", "notch",
    ]);
    let study = begun.strip_prefix("recording ").unwrap().trim();
    let ended = said(&["study", "end"]);
    assert!(
        ended.starts_with(&format!("{study}: complete\n")) && ended.contains(".bdf"),
        "{ended}"
    );
    let listed = said(&["study", "list"]);
    assert!(listed.starts_with(study) && listed.contains(" complete "), "{listed}");
    assert!(said(&["presets"]).contains("\ntwo_boards "));
    assert!(said(&["start", "--preset", "synthetic"]).starts_with("running (revision 9), "));
    assert!(said(&["start", "p.yaml"]).starts_with("running (revision 10), "));
    assert_eq!(said(&["stop"]), "stopped (idle)\n");
    assert!(said(&["start"]).starts_with("running (revision 11)"));

    let patch = eegd(&["ctl", "--url", &format!("http://{}", rig.live.address), "patch", "-"])
        .stdin(Stdio::piped())
        .spawn();
    let mut patch = patch.unwrap();
    std::io::Write::write_all(
        &mut patch.stdin.take().unwrap(),
        br#"[{"op":"replace","path":"/name","value":"y"}]"#,
    )
    .unwrap();
    assert!(patch.wait().unwrap().success());
    assert_eq!(rig.pipeline()["config"]["name"], "y");
}

#[test]
fn mistakes_are_exit_code_2_and_say_what_to_do() {
    let rig = Rig::new(TWO_BRANCHES);
    std::fs::write(rig.scratch.path("bad.yaml"), "- nothc: { hz: 50 }\n").unwrap();
    std::fs::write(rig.scratch.path("empty.yaml"), "").unwrap();
    for (arguments, code, expected) in [
        (&["set", "notch.hzz=50"][..], 2, "did you mean `hz`?"),
        (&["set", "notch"], 2, "write STAGE.PARAM=VALUE"),
        (&["patch", "[{]"], 2, "not valid JSON"),
        (&["patch", "[]", "--if-revision", "9"], 1, "the document is at revision 1, not 9"),
        (&["start", "bad.yaml"], 2, "1:3: there is no stage kind `nothc`; did you mean `notch`?"),
        (&["start", "empty.yaml"], 2, "empty.yaml is empty"),
        (&["start", "no/such.yaml"], 2, "cannot read no/such.yaml"),
        (&["start", "--preset", "dmeo"], 2, "did you mean `demo`?"),
        (&["stage", "add", "x", "--kind", "gain", "--on-error", "panic"], 2, "skip_packet"),
        (&["study", "end"], 1, "no study"),
        (&["study", "begin", "no name"], 2, "letters and digits"),
        (&["stage", "remove", "nothc"], 2, "did you mean `notch`?"),
        (
            &["stage", "add", "x", "--kind", "gain", "--params", "7"],
            2,
            "--params takes a JSON object",
        ),
    ] {
        let (got, said, words) = ctl(&rig, arguments);
        assert_eq!((got, said.as_str()), (Some(code), ""), "{arguments:?}: {words}");
        assert!(words.starts_with("eegd: ") && words.contains(expected), "{arguments:?}: {words}");
    }
    let nobody = eegd(&["ctl", "--url", "http://127.0.0.1:1", "status"]).output().unwrap();
    let (code, words) = code_and_words(&nobody);
    assert!(
        code == Some(1) && words.contains("cannot reach an eegd at 127.0.0.1:1"),
        "{code:?} {words}"
    );
}

#[test]
fn with_a_token_and_another_name() {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    let scratch = crate::common::Scratch::new(TWO_BRANCHES);
    std::fs::write(scratch.path("token"), TOKEN).unwrap();
    let live =
        crate::support::start(&scratch, &["--token-file", "token", "--host-name", "rig.local"]);
    let rig = Rig { scratch, live };
    let (code, _, words) = ctl(&rig, &["status"]);
    assert!(code == Some(1) && words.contains("a token is needed"), "{words}");
    let (code, said, words) = ctl(&rig, &["--token-file", "token", "status"]);
    assert!(code == Some(0) && said.starts_with("running"), "{words}");
    // Every resource but the page itself wants it, also where something is changed.
    for line in [
        "PATCH /pipeline",
        "POST /pipeline/start",
        "POST /pipeline/shutdown",
        "POST /pipeline/stage/notch",
        "POST /markers",
        "GET /presets",
        "GET /openapi.json",
        "GET /ws/control",
    ] {
        rig.ask(line, &[], b"").problem(401, "token-needed");
        rig.ask(line, &["Authorization: Bearer 0123456789abcdef0123456789abcdeF"], b"")
            .problem(401, "token-wrong");
    }
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let named = |name: &str| {
        ask(&rig.live.address, "GET /pipeline", &[&bearer, &format!("Host: {name}:80")], b"").status
    };
    assert_eq!((named("rig.local"), named("other.local")), (200, 403));
    assert_eq!(ask(&rig.live.address, "GET /pipeline", &[&bearer], b"").status, 200);
}

#[test]
fn a_presets_folder_that_is_not_there_is_exit_code_2() {
    let (code, words) =
        code_and_words(&eegd(&["run", "--presets", "no/such/folder"]).output().unwrap());
    assert!(
        code == Some(2) && words.contains("cannot read the presets folder no/such/folder"),
        "{words}"
    );
}
