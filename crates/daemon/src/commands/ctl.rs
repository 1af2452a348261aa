//! `eegd ctl`: the command-line client of the API.

use super::Failed;
use super::cli_ctl::{CtlOrder, CtlStage, CtlStudy, Daemon};
use super::client::{Client, Content};
use super::ledger_text::ledger_text;
use super::run::read_token;
use crate::control::StageOrder;
use crate::document::{Format, StudyForm, parse_set};
use crate::ledger::LedgerReport;
use anyhow::{Context, anyhow};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

const JSON: &str = "application/json";

pub(super) fn ctl(daemon: &Daemon, order: CtlOrder) -> Result<(), Failed> {
    let url = daemon
        .url
        .parse()
        .map_err(|error| Failed::Input(format!("--url {}: {error}", daemon.url)))?;
    let client = Client { url, token: daemon.token_file.as_deref().map(read_token).transpose()? };
    match order {
        CtlOrder::Status { json } => status(&client, json),
        CtlOrder::Ledger { json } => {
            let answer = asked(&client, Method::GET, "/pipeline/ledger", None)?;
            ledger(&answer, json)
        }
        CtlOrder::Start { pipeline, preset } => start(&client, pipeline.as_deref(), preset),
        CtlOrder::Stop => {
            let answer = asked(&client, Method::POST, "/pipeline/shutdown", None)?;
            warn(&answer);
            println!("stopped ({})", text(&answer["state"]));
            Ok(())
        }
        CtlOrder::Set { set } => {
            let operations =
                set.iter().map(|argument| operation(argument)).collect::<Result<Vec<_>, _>>()?;
            change(&client, &json!({ "patch": operations }))
        }
        CtlOrder::Patch { patch, if_revision } => {
            let patch: Value = serde_json::from_str(&given(&patch)?)
                .map_err(|error| Failed::Input(format!("the patch is not valid JSON: {error}")))?;
            change(&client, &json!({ "patch": patch, "if_revision": if_revision }))
        }
        CtlOrder::Stage { order } => stage(&client, order),
        CtlOrder::Marker { text, time } => {
            let body = match time {
                Some(time) => json!({ "text": text, "time": time }),
                None => json!({ "text": text }),
            };
            let answer = asked(&client, Method::POST, "/markers", Some(content(&body)))?;
            println!("marked at {} ns", answer["time_ns"]);
            Ok(())
        }
        CtlOrder::Study { order } => study(&client, order),
        CtlOrder::Topics => topics(&client),
        CtlOrder::Presets => {
            let answer = asked(&client, Method::GET, "/presets", None)?;
            for preset in answer["presets"].as_array().into_iter().flatten() {
                println!("{:24} {}", text(&preset["name"]), text(&preset["description"]));
            }
            Ok(())
        }
    }
}

fn start(client: &Client, file: Option<&Path>, preset: Option<String>) -> Result<(), Failed> {
    let (path, body) = match (file, preset) {
        (Some(file), _) => ("/pipeline/start".to_owned(), Some(pipeline(file)?)),
        (None, Some(preset)) => (format!("/pipeline/start?preset={}", escaped(&preset)), None),
        (None, None) => ("/pipeline/start".to_owned(), None),
    };
    let answer = asked(client, Method::POST, &path, body)?;
    warn(&answer);
    match answer["gap_ms"].as_f64() {
        Some(gap_ms) => println!(
            "running (revision {}), {gap_ms:.1} ms after the pipeline before it",
            answer["revision"]
        ),
        None => println!("running (revision {})", answer["revision"]),
    }
    Ok(())
}

fn pipeline(file: &Path) -> Result<Content, Failed> {
    let kind = match Format::of_file(file) {
        Some(Format::Yaml) => "application/yaml",
        Some(Format::Toml) => "application/toml",
        Some(Format::Json) => JSON,
        None => {
            let message = "a pipeline file's name ends in .yaml, .yml, .toml or .json";
            return Err(Failed::Input(format!("{}: {message}", file.display())));
        }
    };
    let bytes = std::fs::read(file)
        .map_err(|error| Failed::Input(format!("cannot read {}: {error}", file.display())))?;
    if bytes.is_empty() {
        // To the API, an empty body means something else.
        return Err(Failed::Input(format!("{} is empty", file.display())));
    }
    Ok((kind, bytes))
}

fn stage(client: &Client, order: CtlStage) -> Result<(), Failed> {
    let (id, order) = match order {
        CtlStage::Add { id, kind, after, params, on_error } => {
            let params: Map<String, Value> = serde_json::from_str(&params)
                .map_err(|error| Failed::Input(format!("--params takes a JSON object: {error}")))?;
            let policy = |name| {
                serde_json::from_value(Value::String(name))
                    .map_err(|error| Failed::Input(format!("--on-error: {error}")))
            };
            let on_error = on_error.map(policy).transpose()?;
            (id, StageOrder::Add { kind, after, params, on_error })
        }
        CtlStage::Remove { id } => (id, StageOrder::Remove {}),
        CtlStage::Restart { id } => (id, StageOrder::Restart {}),
    };
    let body = serde_json::to_value(order).context("an order is plain data")?;
    let path = format!("/pipeline/stage/{}", escaped(&id));
    changed(&asked(client, Method::POST, &path, Some(content(&body)))?);
    Ok(())
}

fn study(client: &Client, order: CtlStudy) -> Result<(), Failed> {
    match order {
        CtlStudy::Begin { participant, task, notes, record } => {
            let form = StudyForm { participant, task, notes, record };
            let form = serde_json::to_value(form).context("a form is plain data")?;
            let study = asked(client, Method::POST, "/studies", Some(content(&form)))?;
            println!("recording {}", text(&study["study"]));
        }
        CtlStudy::End => {
            let study = asked(client, Method::POST, "/studies/current/stop", None)?;
            println!("{}: {}", text(&study["study"]), text(&study["state"]));
            for (file, _) in study["checksums"].as_object().into_iter().flatten() {
                println!("  {file}");
            }
        }
        CtlStudy::List => {
            let answer = asked(client, Method::GET, "/studies", None)?;
            for study in answer["studies"].as_array().into_iter().flatten() {
                let files = study["files"].as_array().into_iter().flatten();
                let bytes: u64 = files.filter_map(|file| file["bytes"].as_u64()).sum();
                println!(
                    "{:48} {:10} {:10.1} MB",
                    text(&study["study"]),
                    text(&study["state"]),
                    bytes as f64 / 1e6
                );
            }
        }
    }
    Ok(())
}

fn topics(client: &Client) -> Result<(), Failed> {
    let answer = asked(client, Method::GET, "/topics", None)?;
    for name in answer["topics"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let figure = |key: &str| answer["status"][name][key].as_u64().unwrap_or(0);
        println!(
            "{name:24} {:>4} clients {:>10} packets {:>6} lost {:>6} lagged",
            figure("clients"),
            figure("packets"),
            figure("lost_packets"),
            figure("lagged_packets")
        );
    }
    Ok(())
}

fn change(client: &Client, body: &Value) -> Result<(), Failed> {
    changed(&asked(client, Method::PATCH, "/pipeline", Some(content(body)))?);
    Ok(())
}

fn changed(answer: &Value) {
    warn(answer);
    let taken: Vec<String> = answer["applied_at"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(stage, sample)| format!("{stage} at sample {sample}"))
        .collect();
    let taken = if taken.is_empty() { String::new() } else { format!(": {}", taken.join(", ")) };
    println!("revision {}{taken}", answer["revision"]);
}

fn status(client: &Client, json: bool) -> Result<(), Failed> {
    let answer = asked(client, Method::GET, "/pipeline", None)?;
    if json {
        let pretty = serde_json::to_string_pretty(&answer).context("cannot write JSON")?;
        println!("{pretty}");
        return Ok(());
    }
    println!(
        "{} (revision {}, from {})",
        text(&answer["state"]),
        answer["revision"],
        text(&answer["origin"])
    );
    if let Some(reason) = answer["reason"].as_str() {
        println!("{reason}");
    }
    let stages: Vec<(&String, &Value)> =
        answer["stages"].as_object().into_iter().flatten().collect();
    let width = stages.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    for (id, stage) in stages {
        let closed = stage["closed_by"].as_str().map(|by| format!("  closed by `{by}`"));
        println!(
            "  {id:width$}  {:8} {:>12} in {:>12} out {:>8} lost{}",
            text(&stage["state"]),
            stage["frames_in"],
            stage["frames_out"],
            stage["lost_frames"],
            closed.unwrap_or_default()
        );
    }
    for failure in answer["failures"].as_array().into_iter().flatten() {
        let place = failure["stage"].as_str().or(failure["path"].as_str()).unwrap_or_default();
        println!("  {place}: {}", text(&failure["message"]));
    }
    Ok(())
}

fn ledger(answer: &Value, json: bool) -> Result<(), Failed> {
    let report: LedgerReport = serde_json::from_value(answer.clone())
        .context("this eegd has another sort of ledger: take the `eegd ctl` of its version")?;
    if json {
        let pretty = serde_json::to_string_pretty(answer).context("cannot write JSON")?;
        println!("{pretty}");
    } else {
        print!("{}", ledger_text(&report));
    }
    if report.balances {
        return Ok(());
    }
    Err(Failed::Other(anyhow!(
        "the ledger does not balance: this is a defect of eegd, please report it"
    )))
}

/// One `STAGE.PARAM=VALUE` as an operation of a patch.
fn operation(argument: &str) -> Result<Value, Failed> {
    let (path, value) = parse_set(argument)
        .map_err(|error| Failed::Input(format!("{argument}: {}", error.message)))?;
    // `add` replaces what is there and makes what is not, for a parameter may be missing; in a list it would insert.
    let in_list =
        path.rsplit('/').next().is_some_and(|key| key.bytes().all(|b| b.is_ascii_digit()));
    let op = if in_list { "replace" } else { "add" };
    Ok(json!({ "op": op, "path": path, "value": value }))
}

/// The argument, or standard input.
fn given(argument: &str) -> Result<String, Failed> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

fn content(body: &Value) -> Content {
    (JSON, body.to_string().into_bytes())
}

/// The answer, if it is a success; what is wrong with the document is the input's fault, the rest is not.
fn asked(
    client: &Client,
    method: Method,
    path: &str,
    body: Option<Content>,
) -> Result<Value, Failed> {
    let (status, answer) = client.ask(method, path, body)?;
    if status.is_success() {
        return Ok(answer);
    }
    let mut lines = vec![text(&answer["detail"]).to_owned()];
    for mistake in answer["errors"].as_array().into_iter().flatten() {
        let place = match (mistake["line"].as_u64(), mistake["column"].as_u64()) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            _ => text(&mistake["path"]).to_owned(),
        };
        lines.push(format!("{place}: {}", text(&mistake["message"])));
    }
    let message = lines.join("\n");
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::NOT_FOUND
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY => Err(Failed::Input(message)),
        _ => Err(Failed::Other(anyhow!(message))),
    }
}

fn warn(answer: &Value) {
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        eprintln!("eegd: warning: {}", text(warning));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// For a path or a query: everything but letters, digits, `_`, `-`, `.` as `%XX`.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
    }
    escaped
}
