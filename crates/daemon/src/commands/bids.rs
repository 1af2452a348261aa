//! `eegd export bids`: studies as a dataset of the Brain Imaging Data Structure (<https://bids-specification.readthedocs.io>,
//! "Electroencephalography"), with every file that it requires.

use super::Failed;
use super::cli::Conversion;
use super::convert::convert;
use super::recordings::failed;
use crate::document;
use crate::studies::{self, SessionMeta};
use anyhow::{Context, anyhow};
use beside::{Held, events, events_columns};
use eeg_formats::{CivilDateTime, open_path};
use plugin_api::Registry;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "bids_beside.rs"]
mod beside;
pub(super) use beside::Told;

const VERSION: &str = "1.10.0";

/// One recording of a study on its way into the dataset.
struct Run<'m> {
    meta: &'m SessionMeta,
    source: PathBuf,
    /// `sub-P001_task-rest_run-01`.
    stem: String,
    told: Told,
}

pub(super) fn export(
    folders: &[PathBuf],
    dataset: &Path,
    told: &Told,
    registry: &Registry,
) -> Result<(), Failed> {
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
        let pipeline = document::open(&folder.join(studies::PIPELINE), registry).ok();
        let told = told.or_from(pipeline.as_ref().map(|loaded| &loaded.document));
        let raw: Vec<_> = meta.recordings.iter().filter(|recorded| recorded.is_raw).collect();
        for recorded in &raw {
            let number = runs.entry((&meta.participant, &meta.task)).or_insert(0);
            *number += 1;
            let run = Run {
                meta,
                source: source_of(folder, meta, &recorded.of)?,
                stem: format!("sub-{}_task-{}_run-{number:02}", meta.participant, meta.task),
                told: told.clone(),
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
    let Run { meta, source, stem, told } = run;
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
    let (table, origin) = events(&mut recording)?;
    let held = Held::of(&mut recording)?;
    let put = |ending: &str, text: &str| write(dataset, &format!("{folder}/{stem}_{ending}"), text);
    put("eeg.json", &pretty(&held.sidecar(meta, told))?)?;
    put("channels.tsv", &held.channels())?;
    if let Some(table) = table {
        put("events.tsv", &table)?;
        put("events.json", &pretty(&events_columns())?)?;
    }
    let start_ns = origin.map_or(meta.started_unix_ns, |origin| origin.start_unix_ns);
    let start = CivilDateTime::from_unix_ns(start_ns / 1000 * 1000, 0).to_string();
    let start = start.get(..26).unwrap_or(&start);
    Ok(format!("eeg/{stem}_eeg.bdf\t{start}Z\n"))
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
        "EEG recorded with eegd, exported by `eegd export bids`. The recordings are the ADC's codes as they came; nothing was\nfiltered. Lost samples are filler, each gap an event. Fill in the authors\n(`dataset_description.json`), and where it says n/a the reference and the mains frequency (`EEGReference`, `PowerLineFrequency` in\nthe files `*_eeg.json`).\n",
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
