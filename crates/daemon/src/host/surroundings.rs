//! What surrounds every pipeline of a process: the kinds of stage, the data dir, the broker.

use super::PipelineFiles;
use crate::document::{Checked, Document, Loaded, Mistake, build};
use pipeline_core::{Role, SensorMeta};
use plugin_api::{Broker, Gate, Registry, StageInitCtx};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// The surroundings of pipelines.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) registry: Arc<Registry>,
    pub(crate) data_dir: PathBuf,
    pub(crate) broker: Option<Arc<dyn Broker>>,
    pub(crate) offline: bool,
    /// What words in the paths of recordings stand for.
    pub(crate) names: Arc<BTreeMap<String, String>>,
    /// Set when recordings begun under it may end.
    pub(crate) may_end: Arc<AtomicBool>,
    /// Where a recording that is played has to wait.
    pub(crate) gate: Option<Arc<Gate>>,
    /// Sensors as the pipelines before knew them.
    pub(crate) known_sensors: Arc<Vec<Arc<SensorMeta>>>,
}

/// A graph that builds, and what was odd about it.
pub(crate) struct Prepared {
    pub(crate) checked: Checked,
    pub(crate) warnings: Vec<String>,
}

impl Surroundings {
    pub(crate) fn new(registry: Arc<Registry>, data_dir: PathBuf) -> Self {
        let known_sensors = Arc::default();
        Self {
            registry,
            data_dir,
            broker: None,
            offline: false,
            names: Arc::default(),
            may_end: Arc::default(),
            gate: None,
            known_sensors,
        }
    }

    /// Builds a text that has been read.
    pub(crate) fn prepare(
        &self,
        loaded: &Loaded,
        files: &Arc<PipelineFiles>,
    ) -> Result<Prepared, Vec<Mistake>> {
        self.with_ctx(files, |ctx| loaded.build(&self.registry, ctx))
    }

    /// Builds a document that came from no text.
    pub(crate) fn prepare_document(
        &self,
        document: &Document,
        files: &Arc<PipelineFiles>,
    ) -> Result<Prepared, Vec<Mistake>> {
        self.with_ctx(files, |ctx| {
            build(document, &self.registry, ctx)
                .map_err(|errors| errors.into_iter().map(Mistake::from).collect())
        })
    }

    fn with_ctx(
        &self,
        files: &Arc<PipelineFiles>,
        build: impl FnOnce(&StageInitCtx) -> Result<Checked, Vec<Mistake>>,
    ) -> Result<Prepared, Vec<Mistake>> {
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&warnings);
        let ctx = StageInitCtx {
            files: files.clone(),
            data_dir: self.data_dir.clone(),
            broker: self.broker.clone(),
            sensors: Arc::new(Value::Null),
            names: Arc::clone(&self.names),
            may_end: Arc::clone(&self.may_end),
            gate: self.gate.clone(),
            known_sensors: Arc::clone(&self.known_sensors),
            offline: self.offline,
            warn: Arc::new(move |warning| {
                told.lock().unwrap_or_else(PoisonError::into_inner).push(warning)
            }),
        };
        let checked = build(&ctx)?;
        let warnings =
            std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Prepared { checked, warnings })
    }

    /// From now on these sensors are known.
    pub(crate) fn remember(&mut self, sensors: Vec<Arc<SensorMeta>>) {
        let known = Arc::make_mut(&mut self.known_sensors);
        for sensor in sensors {
            known.retain(|k| (k.sensor_id, &k.name) != (sensor.sensor_id, &sensor.name));
            known.push(sensor);
        }
    }
}

impl Prepared {
    /// The sensors of its sources.
    pub(crate) fn sensors(&self) -> Vec<Arc<SensorMeta>> {
        let sources = self.checked.graph.nodes.iter().filter(|node| node.role == Role::Source);
        sources.filter_map(|node| Some(Arc::clone(&node.output.as_ref()?.sensor))).collect()
    }
}
