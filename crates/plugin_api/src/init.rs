//! What a stage may ask of its surroundings while it is built: files to read, a place to write, sensors, the broker.

use crate::{Broker, Gate};
use pipeline_core::{ConfigError, SensorMeta};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The file in the data dir in which the daemon keeps its pipeline; no stage may write there.
pub const SAVED_PIPELINE: &str = "pipeline.yaml";

/// The file in the data dir in which a daemon that resumes keeps the pipeline while it runs; no stage may write there.
pub const RUNNING_PIPELINE: &str = "running.yaml";

/// Anything a recording can be read from.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// Finds the files a pipeline reads: relative to the pipeline file, or built into the program.
pub trait InputFiles: Send + Sync {
    /// Opens `path` for reading.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>>;
}

/// Files relative to a folder.
impl InputFiles for PathBuf {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        let full = self.join(path);
        if full.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Ok(Box::new(std::fs::File::open(full)?))
    }
}

/// The surroundings of a pipeline, given to every stage it builds.
#[derive(Clone)]
pub struct StageInitCtx {
    /// Where recordings are read from.
    pub files: Arc<dyn InputFiles>,
    /// The folder below which everything is written. Made when the first file is.
    pub data_dir: PathBuf,
    /// Where live packets go; `None` where nobody can listen (`eegd process`, `eegd check`).
    pub broker: Option<Arc<dyn Broker>>,
    /// `sensors:` of the merged document, by board number.
    pub sensors: Arc<Value>,
    /// What words in braces in the path of a recording stand for: in a study `study`, `participant` and `task`.
    pub names: Arc<BTreeMap<String, String>>,
    /// Sensors as the pipelines before knew them.
    pub known_sensors: Arc<Vec<Arc<SensorMeta>>>,
    /// Set when recordings that were begun under it may be ended by a change of the pipeline.
    pub may_end: Arc<AtomicBool>,
    /// Where a recording that is played has to wait; `None` plays on.
    pub gate: Option<Arc<Gate>>,
    /// Nobody watches (`eegd process`): a source that can be faster than real time is, and none repeats.
    pub offline: bool,
    /// Takes a sentence for the user about something odd that is no mistake: a truncated file, a simulated board.
    pub warn: Arc<dyn Fn(String) + Send + Sync>,
}

impl StageInitCtx {
    /// Surroundings with a folder for both reading and writing, no sensors and no broker.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self {
            files: Arc::new(folder.clone()),
            data_dir: folder,
            broker: None,
            sensors: Arc::new(Value::Null),
            names: Arc::default(),
            known_sensors: Arc::default(),
            may_end: Arc::default(),
            gate: None,
            offline: false,
            warn: Arc::new(|_| {}),
        }
    }

    /// The description of a sensor for its packets: the one that is known already, if nothing has changed, or else this
    /// one with `meta_rev` raised. A sensor is known again by its number and name.
    pub fn sensor(&self, meta: SensorMeta) -> Arc<SensorMeta> {
        let same =
            |known: &&Arc<SensorMeta>| known.sensor_id == meta.sensor_id && known.name == meta.name;
        let Some(known) = self.known_sensors.iter().find(same) else { return Arc::new(meta) };
        let meta = SensorMeta { meta_rev: known.meta_rev, ..meta };
        if **known == meta {
            return Arc::clone(known);
        }
        Arc::new(SensorMeta { meta_rev: known.meta_rev + 1, ..meta })
    }

    /// Opens the file a parameter names.
    ///
    /// # Errors
    /// [`ConfigError::Param`] with what the system said.
    pub fn input(&self, param: &str, path: &str) -> Result<Box<dyn ReadSeek>, ConfigError> {
        self.files.open(path).map_err(|error| ConfigError::Param {
            param: param.to_owned(),
            message: match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("there is no file `{path}` (paths are relative to the pipeline file)")
                }
                _ => format!("cannot read `{path}`: {error}"),
            },
        })
    }

    /// The full path of a file to be written: below the data dir, whatever the parameter says.
    ///
    /// # Errors
    /// [`ConfigError::Param`] for an absolute path, one with `..`, or an empty one.
    pub fn output(&self, param: &str, path: &str) -> Result<PathBuf, ConfigError> {
        let relative = Path::new(path);
        let plain =
            relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !plain || relative.file_name().is_none() || path.ends_with('/') || path.contains('\0') {
            return Err(ConfigError::Param {
                param: param.to_owned(),
                message: format!(
                    "`{path}` is not a file name below the data dir: give a relative path without `..` (--data-dir says where it lies)"
                ),
            });
        }
        let names: Vec<_> =
            relative.components().filter(|c| matches!(c, Component::Normal(_))).collect();
        let kept = [SAVED_PIPELINE, RUNNING_PIPELINE];
        if let Some(kept) = kept.iter().find(|kept| names == [Component::Normal(kept.as_ref())]) {
            let message =
                format!("`{kept}` is where the daemon keeps its pipeline: choose another name");
            return Err(ConfigError::param_message(param, message));
        }
        Ok(self.data_dir.join(relative))
    }
}

impl std::fmt::Debug for StageInitCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StageInitCtx").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_the_data_dir() {
        let ctx = StageInitCtx::in_folder("/data");
        assert_eq!(ctx.output("path", "a/b.csv").unwrap(), Path::new("/data/a/b.csv"));
        for path in [
            "/etc/passwd",
            "../x.csv",
            "a/../../x.csv",
            "",
            ".",
            "a/..",
            "folder/",
            "pipeline.yaml",
            "./pipeline.yaml",
        ] {
            assert_eq!(ctx.output("path", path).unwrap_err().param(), Some("path"), "{path}");
        }
        assert!(ctx.output("path", "a/pipeline.yaml").is_ok());
    }

    #[test]
    fn a_sensor_keeps_its_revision_until_something_changes() {
        let meta = |gain: f64| SensorMeta {
            sensor_id: 1,
            name: "board".to_owned(),
            channels: vec![pipeline_core::ChannelMeta::adc24("Fp1", 4.5e6, gain)],
            ..SensorMeta::default()
        };
        let mut ctx = StageInitCtx::in_folder("/data");
        let first = ctx.sensor(meta(24.0));
        assert_eq!(first.meta_rev, 0);
        ctx.known_sensors = Arc::new(vec![Arc::clone(&first)]);
        assert!(Arc::ptr_eq(&ctx.sensor(meta(24.0)), &first));
        let second = ctx.sensor(meta(12.0));
        assert_eq!((second.meta_rev, second.channels[0].gain), (1, 12.0));
        ctx.known_sensors = Arc::new(vec![second]);
        assert_eq!(ctx.sensor(meta(24.0)).meta_rev, 2);
        assert_eq!(ctx.sensor(SensorMeta { sensor_id: 2, ..meta(24.0) }).meta_rev, 0);
    }
}
