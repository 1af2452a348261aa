//! Studies: a folder with recordings, the pipeline as it ran, and all that is needed to run it again.
//!
//! | file in the folder | what |
//! |---|---|
//! | `session_meta.json` | who, what, with which software and sensors, every change with its sample, losses, checksums |
//! | `pipeline.yaml` | the pipeline as it was when the study began, recorders included |
//! | the others | recordings |
//!
//! A study begins by a change of the running pipeline that adds recorders, and ends by one that takes them away, both in
//! band: every recording has a known first and last sample. What is computed on the way to a recording begins from
//! nothing at that sample, so that `eegd process` computes the same from the raw recording.

mod disk;
mod meta;
mod plan;
mod store;

pub(crate) use crate::document::StudyForm;
pub(crate) use disk::Disk;
pub(crate) use meta::{
    Change, Figures, INTERRUPTED, Machine, RECORDING, Recorded, SessionMeta, sensor,
};
pub(crate) use plan::Plan;
pub(crate) use store::{PIPELINE, Store, StudyFile, file, files, list, read_meta};

/// `20261123T103000Z`: sorts by time.
pub(crate) fn compact_utc(unix_ns: i64) -> String {
    let civil =
        eeg_formats::CivilDateTime::from_unix_ns(unix_ns / 1_000_000_000 * 1_000_000_000, 0);
    format!("{}Z", civil.to_string().replace(['-', ':'], ""))
}
