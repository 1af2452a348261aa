//! Pipeline files through the public functions: forms that mean the same, `--set`, files that are no pipeline at all,
//! and anything else somebody may send.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use daemon::document::{Document, Format, Loaded, build, load, open};
use plugin_api::{Registry, StageInitCtx};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

const YAML: &str = "
name: demo
groups: { dsp: { cores: [2] } }
stages:
  - synthetic: { sps: 250, channels: 2 }
  - to_voltage
  - notch: { id: mains, hz: 50 }
  - websocket_sink: { topic: eeg, on_error: skip_packet, inputs: mains }
";

fn registry() -> Registry {
    Registry::default().with(stages_builtin::STAGES).unwrap()
}

fn ctx() -> StageInitCtx {
    StageInitCtx::in_folder("data dir that is never made")
}

fn read(text: &str, format: Format) -> Loaded {
    load(text.as_bytes(), "test", format, &registry())
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn merged(text: &str, format: Format) -> Value {
    let checked = read(text, format).build(&registry(), &ctx());
    checked.unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).document.to_json()
}

fn told(loaded: &Loaded) -> Vec<String> {
    loaded.build(&registry(), &ctx()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_merged_document_says_everything() {
    let seen = merged(YAML, Format::Yaml);
    assert_eq!(seen["name"], "demo");
    assert_eq!(seen["groups"]["dsp"], json!({"cores": [2], "priority": null, "wait": "park"}));
    let ids: Vec<&String> = seen["stages"].as_object().unwrap().keys().collect();
    assert_eq!(ids, ["synthetic", "to_voltage", "mains", "websocket_sink"]);
    let mains = &seen["stages"]["mains"];
    assert_eq!(mains["kind"], "notch");
    assert_eq!(mains["inputs"], json!(["to_voltage"]));
    assert_eq!((&mains["group"], &mains["on_error"]), (&json!("dsp"), &json!("fatal")));
    assert_eq!((&mains["params"]["hz"], &mains["params"]["q"]), (&json!(50.0), &json!(30.0)));
    assert_eq!(seen["stages"]["websocket_sink"]["on_error"], "skip_packet");
}

#[test]
fn all_forms_and_formats_mean_the_same() {
    let toml = "
name = \"demo\"
groups.dsp.cores = [2]
[[stages]]
synthetic = { sps = 250, channels = 2 }
[[stages]]
to_voltage = {}
[[stages]]
[stages.notch]
id = \"mains\"
hz = 50.0
[[stages]]
websocket_sink = { topic = \"eeg\", on_error = \"skip_packet\", inputs = [\"mains\"] }
";
    let json = r#"{"name": "demo", "groups": {"dsp": {"cores": [2]}}, "stages": ["#.to_owned()
        + r#"{"synthetic": {"sps": 250, "channels": 2}}, "to_voltage", {"notch": {"id": "mains", "hz": 50}},"#
        + r#"{"websocket_sink": {"topic": "eeg", "on_error": "skip_packet", "inputs": "mains"}}]}"#;
    let seen = merged(YAML, Format::Yaml);
    assert_eq!(merged(toml, Format::Toml).to_string(), seen.to_string());
    assert_eq!(merged(&json, Format::Json).to_string(), seen.to_string());
    // The merged form is a pipeline file, too; JSON is YAML.
    assert_eq!(merged(&seen.to_string(), Format::Json).to_string(), seen.to_string());
    assert_eq!(merged(&format!("{seen:#}"), Format::Yaml).to_string(), seen.to_string());
    let list = YAML.split_once("stages:\n").unwrap().1.replace("mains", "notch");
    assert_eq!(
        merged(&list, Format::Yaml)["stages"]["notch"]["params"],
        seen["stages"]["mains"]["params"]
    );
    assert_eq!(
        merged(&format!("\u{feff}{YAML}"), Format::Yaml),
        seen,
        "a byte order mark is no mistake"
    );
    assert_eq!(
        merged(&YAML.replace('\n', "\r\n"), Format::Yaml),
        seen,
        "nor are Windows line ends"
    );
}

#[test]
fn a_stage_without_parameters_may_be_written_in_four_ways() {
    for way in ["- to_voltage", "- to_voltage:", "- to_voltage: {}", "- { to_voltage: null }"] {
        let text = format!(
            "- synthetic: {{ sps: 250, channels: 2 }}\n{way}\n- websocket_sink: {{ topic: eeg }}\n"
        );
        assert_eq!(
            merged(&text, Format::Yaml)["stages"]["to_voltage"]["params"],
            json!({}),
            "{way}"
        );
    }
}

#[test]
fn set_changes_a_parameter_before_the_graph_is_built() {
    let mut loaded = read(&YAML.replace("hz: 50", "hz: 5000"), Format::Yaml);
    assert!(loaded.build(&registry(), &ctx()).is_err(), "5000 Hz is above half of 250");
    loaded.set("mains.hz=60");
    loaded.set("synthetic.signals=[{ sine: { hz: 10, uv: 1 } }]");
    loaded.set("synthetic.signals.0.sine.uv=2");
    let params = loaded.build(&registry(), &ctx()).unwrap().document.to_json()["stages"].clone();
    assert_eq!(params["mains"]["params"]["hz"], 60.0);
    assert_eq!(params["synthetic"]["params"]["signals"][0]["sine"], json!({"hz": 10.0, "uv": 2.0}));
}

#[test]
fn a_mistake_in_set_names_the_argument_and_comes_after_those_of_the_file() {
    let mut loaded = read(&YAML.replace("topic: eeg", "topc: eeg"), Format::Yaml);
    for argument in ["mains.hz=fifty", "nothc.hz=1", "mains.qq=3", "synthetic"] {
        loaded.set(argument);
    }
    let mut told = told(&loaded);
    assert_eq!(
        told.remove(0),
        "test:8:23: `websocket_sink` has no parameter `topc`; did you mean `topic`?"
    );
    told.sort();
    assert_eq!(
        told,
        [
            "--set mains.hz=fifty: `mains`: `hz` must be a number, not the text \"fifty\"",
            "--set mains.qq=3: `mains`: `notch` has no parameter `qq`; did you mean `q`?",
            "--set nothc.hz=1: there is no stage `nothc`; the stages are `synthetic`, `to_voltage`, `mains`, `websocket_sink`",
            "--set synthetic: write STAGE.PARAM=VALUE, for example notch.hz=50",
        ]
    );
}

#[test]
fn a_file_that_is_no_pipeline_gets_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let path = folder.path().join(name);
        let mistakes = open(&path, &registry()).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        mistakes[0].to_string().replace(&folder.path().display().to_string(), "")
    };
    let long = vec![b'#'; (1 << 20) + 1];
    std::fs::write(folder.path().join("long.yaml"), long).unwrap();
    std::fs::write(folder.path().join("pipeline.txt"), YAML).unwrap();
    assert_eq!(told("long.yaml"), "/long.yaml: is longer than 1024 KiB: that is no pipeline file");
    assert_eq!(told("missing.yaml"), "/missing.yaml: there is no such file");
    assert_eq!(told(""), "/: is a folder: name the pipeline file in it");
    assert_eq!(
        told("pipeline.txt"),
        "/pipeline.txt: a pipeline file's name ends in .yaml, .yml, .toml or .json"
    );
}

#[test]
fn a_patched_document_is_located_by_path_alone() {
    let mut value = merged(YAML, Format::Yaml);
    value["stages"]["mains"]["params"]["hz"] = json!("fifty");
    let document = Document::from_json(&value).unwrap();
    let errors = build(&document, &registry(), &ctx()).unwrap_err();
    assert_eq!(errors[0].path, "/stages/mains/params/hz");
    value["stages"]["mains"]["on_error"] = json!("retry");
    value["groups"]["dsp"]["cores"] = json!(["two"]);
    let errors = Document::from_json(&value).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["/groups/dsp/cores/0", "/stages/mains/on_error"]);
}

/// Files that are as bad as their size allows: each is answered, none takes long or deep.
#[test]
fn large_and_twisted_files_are_answered() {
    let name = |n: usize| format!("{n:0>64}");
    let mut cases: Vec<(String, String)> = vec![
        ("brackets".into(), "[".repeat(1 << 20)),
        ("braces".into(), "{a: ".repeat(1 << 17)),
        ("dashes".into(), "- ".repeat(1 << 19)),
        ("question marks".into(), "? ".repeat(1 << 19)),
        ("quote".into(), format!("\"{}", "a".repeat(1 << 19))),
        ("anchors".into(), "- &a x\n".repeat(100_000)),
        ("stages".into(), "- notch\n".repeat(100_000)),
        ("newlines".into(), "\n".repeat(1 << 20)),
    ];
    let mut keys = String::from("- notch:\n");
    (0..40_000).for_each(|n| writeln!(keys, "    k{n}: {n}").unwrap());
    cases.push(("keys".into(), keys));
    let mut inputs = String::new();
    for stage in 0..256 {
        let names: Vec<String> = (0..60).map(|n| name(stage * 60 + n)).collect();
        writeln!(
            inputs,
            "- notch: {{ id: {}x, inputs: [{}] }}",
            &name(stage)[1..],
            names.join(", ")
        )
        .unwrap();
    }
    inputs.truncate((1 << 20) - 1);
    let end = inputs.rfind('\n').unwrap();
    cases.push(("inputs".into(), inputs[..end].to_owned()));
    for (name, text) in &cases {
        for format in [Format::Yaml, Format::Toml, Format::Json] {
            let answer =
                load(text.as_bytes(), "test", format, &registry()).map(|loaded| told(&loaded));
            let mistakes = answer
                .unwrap_or_else(|mistakes| mistakes.iter().map(ToString::to_string).collect());
            assert!((1..=101).contains(&mistakes.len()), "{name}: {} mistakes", mistakes.len());
        }
    }
}

fn good_files() -> Vec<(Format, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let mut files = vec![(Format::Json, merged(YAML, Format::Yaml).to_string().into_bytes())];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        files.push((Format::of_file(&path).unwrap(), std::fs::read(&path).unwrap()));
    }
    files
}

/// Reads and builds whatever it is; only a panic can fail.
fn survive(bytes: &[u8], format: Format) {
    let Ok(loaded) = load(bytes, "test", format, &registry()) else { return };
    if let Err(mistakes) = loaded.build(&registry(), &ctx()) {
        assert!(!mistakes.is_empty(), "a refusal without a word");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Yaml, Format::Toml, Format::Json] {
            survive(&bytes, format);
        }
    }

    #[test]
    fn any_text_of_syntax_is_answered(text in "[-{}\\[\\]:,&*!?|>'\"#%@`~ \n\ta0.e_=<]{0,120}") {
        for format in [Format::Yaml, Format::Toml, Format::Json] {
            survive(text.as_bytes(), format);
        }
    }

    #[test]
    fn any_change_of_a_good_file_is_answered(
        pick in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let files = good_files();
        let (format, mut bytes) = files[pick.index(files.len())].clone();
        for (at, to, how, byte) in changes {
            let (at, to) = (at.index(bytes.len().max(1)), to.index(bytes.len().max(1)));
            match how {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => bytes.swap(at, to),
                _ => drop(bytes.drain(at.min(to)..at.max(to).min(at.min(to) + 20))),
            }
        }
        survive(&bytes, format);
    }
}
