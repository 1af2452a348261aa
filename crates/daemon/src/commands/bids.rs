//! `eegd export bids`: studies as a dataset of the Brain Imaging Data Structure (<https://bids-specification.readthedocs.io>,
//! "Electroencephalography"), with every file that it requires.

use super::Failed;
use super::cli::Conversion;
use super::convert::convert;
use super::recordings::failed;
use crate::studies::{self, SessionMeta};
use anyhow::{Context, anyhow};
use eeg_formats::{CivilDateTime, Gap, GapKind, Origin, Recording, open_path};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const VERSION: &str = "1.10.0";

/// One recording of a study on its way into the dataset.
struct Run<'m> {
    meta: &'m SessionMeta,
    source: PathBuf,
    /// `sub-P001_task-rest_run-01`.
    stem: String,
}

pub(super) fn export(folders: &[PathBuf], dataset: &Path) -> Result<(), Failed> {
    let mut metas = Vec::new();
    for folder in folders {
        let meta =
            studies::read_meta(folder).map_err(|error| Failed::Input(format!("{error:#}")))?;
        metas.push((folder.as_path(), meta));
    }
    metas.sort_by_key(|(_, meta)| meta.started_unix_ns);
    if dataset.exists()
        && fs::read_dir(dataset).map_or(true, |mut entries| entries.next().is_some())
    {
        return Err(Failed::Input(format!(
            "{} is there already and not empty: nothing is overwritten, give a new folder",
            dataset.display()
        )));
    }
    let mut runs = BTreeMap::new();
    let mut scans: BTreeMap<&str, String> = BTreeMap::new();
    for (folder, meta) in &metas {
        let raw: Vec<_> = meta.recordings.iter().filter(|recorded| recorded.is_raw).collect();
        for recorded in &raw {
            let number = runs.entry((&meta.participant, &meta.task)).or_insert(0);
            *number += 1;
            let run = Run {
                meta,
                source: source_of(folder, meta, &recorded.of)?,
                stem: format!("sub-{}_task-{}_run-{number:02}", meta.participant, meta.task),
            };
            let line = write_run(&run, dataset)?;
            scans
                .entry(&meta.participant)
                .or_insert_with(|| "filename\tacq_time\n".to_owned())
                .push_str(&line);
        }
    }
    for (participant, scans) in &scans {
        let name = format!("sub-{participant}/sub-{participant}_scans.tsv");
        write(dataset, &name, scans)?;
    }
    write_dataset(dataset, scans.keys().copied())?;
    println!(
        "{}: {} recordings of {} participants",
        dataset.display(),
        runs.values().sum::<u32>(),
        scans.len()
    );
    Ok(())
}

fn source_of(folder: &Path, meta: &SessionMeta, of: &str) -> Result<PathBuf, Failed> {
    let stem = format!("{}_{}_{of}", meta.participant, meta.task);
    let found =
        ["bdf", "xdf"].iter().map(|e| folder.join(format!("{stem}.{e}"))).find(|p| p.exists());
    found.ok_or_else(|| {
        Failed::Input(format!("{}: the recording {stem}.bdf is not there", folder.display()))
    })
}

/// The recording with what goes beside it. Returns its line for the list of scans.
fn write_run(run: &Run<'_>, dataset: &Path) -> Result<String, Failed> {
    let Run { meta, source, stem } = run;
    let folder = format!("sub-{}/eeg", meta.participant);
    let file = dataset.join(&folder).join(format!("{stem}_eeg.bdf"));
    fs::create_dir_all(dataset.join(&folder)).context("cannot make the dataset's folders")?;
    if source.extension().is_some_and(|e| e == "bdf") {
        fs::copy(source, &file).with_context(|| format!("cannot copy {}", source.display()))?;
    } else {
        convert(&Conversion {
            input: source.clone(),
            output: file.clone(),
            stream: None,
            range_uv: None,
            max_step_uv: 0.5,
        })?;
    }
    let mut recording = open_path(&file).map_err(failed)?;
    let events = events(&mut recording)?;
    let put = |ending: &str, text: &str| write(dataset, &format!("{folder}/{stem}_{ending}"), text);
    put("eeg.json", &pretty(&sidecar(meta, &recording))?)?;
    put("channels.tsv", &channels(&recording))?;
    if let Some(events) = events {
        put("events.tsv", &events)?;
        put("events.json", &pretty(&events_columns())?)?;
    }
    let start = CivilDateTime::from_unix_ns(meta.started_unix_ns / 1000 * 1000, 0).to_string();
    let start = start.get(..26).unwrap_or(&start);
    Ok(format!("eeg/{stem}_eeg.bdf\t{start}Z\n"))
}

fn sidecar(meta: &SessionMeta, recording: &Recording) -> Value {
    let info = recording.info();
    let stream = &info.streams[0];
    let sensor = meta.sensors.first().and_then(|sensor| sensor["name"].as_str()).unwrap_or("n/a");
    json!({
        "TaskName": meta.task,
        "EEGReference": "n/a",
        "SamplingFrequency": stream.rate_hz,
        "PowerLineFrequency": "n/a",
        "SoftwareFilters": "n/a",
        "HardwareFilters": "n/a",
        "ManufacturersModelName": sensor,
        "SoftwareVersions": meta.software,
        "EEGChannelCount": stream.channels.iter().filter(|c| c.microvolts.is_some()).count(),
        "MiscChannelCount": stream.channels.iter().filter(|c| c.microvolts.is_none()).count(),
        "EOGChannelCount": 0,
        "ECGChannelCount": 0,
        "EMGChannelCount": 0,
        "TriggerChannelCount": 0,
        "RecordingDuration": info.duration_s,
        "RecordingType": "continuous",
    })
}

fn channels(recording: &Recording) -> String {
    let mut table = "name\ttype\tunits\tsampling_frequency\tstatus\n".to_owned();
    let stream = &recording.info().streams[0];
    for channel in &stream.channels {
        let kind = if channel.microvolts.is_some() { "EEG" } else { "MISC" };
        let unit = match channel.unit.as_str() {
            "" => "n/a",
            unit => unit,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}\t{kind}\t{unit}\t{}\tgood", channel.name, stream.rate_hz);
    }
    table
}

/// What happened, in order; `None` when nothing did.
fn events(recording: &mut Recording) -> Result<Option<String>, Failed> {
    let rate_hz = recording.info().streams[0].rate_hz;
    let mut rows = Vec::new();
    for annotation in recording.annotations() {
        let annotation = annotation.map_err(failed)?;
        let gap = Gap::parse(&annotation.text);
        let padding = gap.as_ref().is_some_and(|gap| gap.kind == GapKind::Padding);
        if padding || Origin::parse(&annotation.text).is_some() {
            continue;
        }
        let sort = if gap.is_some() { "gap" } else { "event" };
        let duration = annotation.duration_s.map_or("n/a".to_owned(), |s| s.to_string());
        let text: String =
            annotation.text.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let sample = (annotation.onset_s * rate_hz).round() as u64;
        rows.push((
            annotation.onset_s,
            format!("{}\t{duration}\t{sort}\t{text}\t{sample}\n", annotation.onset_s),
        ));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let table = rows.into_iter().map(|(_, row)| row).collect::<String>();
    Ok((!table.is_empty()).then(|| format!("onset\tduration\ttrial_type\tvalue\tsample\n{table}")))
}

fn events_columns() -> Value {
    json!({
        "trial_type": {
            "Description": "What sort of event.",
            "Levels": { "event": "Somebody or something said that it happened.", "gap": "Samples were lost; filler stands for them." },
        },
        "value": { "Description": "What happened, in words." },
        "sample": { "Description": "Index of the sample at which it began, counted from 0." },
    })
}

fn write_dataset<'p>(
    dataset: &Path,
    participants: impl Iterator<Item = &'p str>,
) -> Result<(), Failed> {
    let description = json!({
        "Name": "Recordings of eegd",
        "BIDSVersion": VERSION,
        "DatasetType": "raw",
        "Authors": ["n/a"],
        "GeneratedBy": [{ "Name": "eegd", "Version": env!("CARGO_PKG_VERSION") }],
    });
    write(dataset, "dataset_description.json", &pretty(&description)?)?;
    write(
        dataset,
        "README",
        "EEG recorded with eegd, exported by `eegd export bids`. The recordings are the ADC's codes as they came; nothing was\nfiltered. Lost samples are filler, each gap an event. Fill in the reference and the mains frequency (`EEGReference`,\n`PowerLineFrequency` in the files `*_eeg.json`) and the authors (`dataset_description.json`).\n",
    )?;
    let table =
        participants.fold("participant_id\n".to_owned(), |table, p| table + &format!("sub-{p}\n"));
    write(dataset, "participants.tsv", &table)
}

fn pretty(value: &Value) -> Result<String, Failed> {
    Ok(serde_json::to_string_pretty(value).context("cannot write JSON")? + "\n")
}

fn write(dataset: &Path, name: &str, text: &str) -> Result<(), Failed> {
    let path = dataset.join(name);
    fs::write(&path, text)
        .map_err(|error| Failed::Other(anyhow!("cannot write {}: {error}", path.display())))
}
