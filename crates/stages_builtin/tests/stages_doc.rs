//! `docs/stages.md` is made from the stages themselves: the first lines of each one's file (equation, source), the delay it declares,
//! its parameters. `EEGD_WRITE_DOCS=1 cargo test -p stages_builtin --test stages_doc` writes it anew.

use plugin_api::{
    ChannelMeta, Inputs, PacketKind, Registry, Role, SensorMeta, StageEntry, StageInitCtx,
    StreamSpec,
};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

const RATE_HZ: f64 = 250.0;
const GROUP_DELAY_HZ: f64 = 10.0;

#[test]
fn the_page_of_stages_is_what_the_stages_say() {
    let files = sources(&here("src"));
    let registry = Registry::default().with(stages_builtin::STAGES).expect("each kind once");
    let mut page = String::from(
        "# Stages\n\nEvery kind of stage: what it computes and where that comes from, its delay, its parameters. Made from the code by\n\
         `EEGD_WRITE_DOCS=1 cargo test -p stages_builtin --test stages_doc`; `eegd stages` tells the parameters of the program you have.\n\
         Delays are those of the example, at 250 samples/s.\n\n",
    );
    let kinds = registry.entries().iter().map(|entry| format!("[`{0}`](#{0})", entry.kind));
    page += &(kinds.collect::<Vec<_>>().join(" ") + "\n");
    for entry in registry.entries() {
        describe(entry, &doc_of(entry.kind, &files), &mut page);
    }
    let path = here("../../docs/stages.md");
    if env::var_os("EEGD_WRITE_DOCS").is_some() {
        fs::write(&path, &page).expect("the file can be read and written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/stages.md is out of date: EEGD_WRITE_DOCS=1 cargo test -p stages_builtin --test stages_doc"
    );
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of every file below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("the file can be read and written") {
        let path = entry.expect("the file can be read and written").path();
        if path.is_dir() {
            texts.append(&mut sources(&path));
        } else {
            texts.push(fs::read_to_string(path).expect("the file can be read and written"));
        }
    }
    texts
}

/// What the file of a kind says for itself.
fn doc_of(kind: &str, files: &[String]) -> String {
    let names = [format!("KIND: &'static str = \"{kind}\""), format!("Desc as \"{kind}\" =>")];
    let file = files.iter().find(|text| names.iter().any(|name| text.contains(name)));
    let file = file.unwrap_or_else(|| panic!("no file declares the kind `{kind}`"));
    let lines: Vec<&str> = file
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    assert!(!lines.is_empty(), "the file of `{kind}` does not say what it is for");
    // Links of rustdoc lead nowhere here.
    lines.join("\n").replace("[`", "`").replace("`]", "`")
}

fn describe(entry: &StageEntry, doc: &str, page: &mut String) {
    let schema = entry.schema();
    writeln!(page, "\n## {}\n\n{doc}\n", entry.kind).expect("a text takes everything");
    if entry.role == Role::Transform {
        writeln!(page, "{}\n", delay(entry)).expect("a text takes everything");
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    if properties.is_some_and(|properties| !properties.is_empty()) {
        page.push_str("| parameter | default | |\n|---|---|---|\n");
    }
    for (name, property) in properties.into_iter().flatten() {
        let default = match property.get("default") {
            Some(Value::Null) => String::new(),
            Some(value) => format!("`{value}`"),
            None if required.contains(&name.as_str()) => "needed".to_owned(),
            None => String::new(),
        };
        let text = property["description"].as_str().unwrap_or_default();
        let text = text.replace('\n', " ").replace('|', "\\|");
        writeln!(page, "| `{name}` | {default} | {text} |").expect("a text takes everything");
    }
    writeln!(page, "\n```yaml\n- {}: {}\n```", entry.kind, entry.example())
        .expect("a text takes everything");
}

/// What the stage declares, and what a filter whose delay depends on frequency does to one.
fn delay(entry: &StageEntry) -> String {
    let ctx = StageInitCtx::in_folder(".");
    let desc = entry.parse(&entry.example()).expect("an example is right");
    let built = [PacketKind::Voltage, PacketKind::RawI32].into_iter().find_map(|kind| {
        let streams = vec![("input", input(kind)); entry.inputs.0];
        desc.build(&Inputs::new(&streams), &ctx).ok()
    });
    let built = built.unwrap_or_else(|| panic!("the example of `{}` does not build", entry.kind));
    let declared_s = built.output().expect("a transform makes a stream").delay_s;
    let group = built.response().filter(|_| declared_s == 0.0).map(|response| {
        let ms = 1e3 * response.group_delay_s(GROUP_DELAY_HZ);
        let settling_s = response.settling_s();
        format!(
            " (group delay at {GROUP_DELAY_HZ} Hz: {ms:.1} ms; settles within {settling_s:.2} s)"
        )
    });
    let declared = if declared_s == 0.0 { "none".to_owned() } else { format!("{declared_s:.3} s") };
    format!("Declared delay: {declared}{}.", group.unwrap_or_default())
}

fn input(kind: PacketKind) -> StreamSpec {
    let labels = ["Fp1", "Fp2", "F3", "F4", "F7", "Cz", "O1", "O2"];
    let channels = labels.map(|label| ChannelMeta::adc24(label.to_owned(), 4.5e6, 24.0)).into();
    StreamSpec {
        kind,
        rate_hz: RATE_HZ,
        sensor: Arc::new(SensorMeta { channels, ..SensorMeta::default() }),
        max_frames: 25,
        delay_s: 0.0,
        total_frames: None,
        live: true,
    }
}
