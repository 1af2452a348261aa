//! The parameters that every recorder has beside its own.

use super::path::PathTemplate;
use plugin_api::{ConfigError, StageInitCtx};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Checked parameters.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) path: PathTemplate,
    pub(crate) limits: Limits,
    /// Whoever is in charge of the recording wants it to end.
    pub(crate) may_end: Arc<AtomicBool>,
}

/// Those that are numbers, as the parameters have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) buffer_s: f64,
    pub(crate) sync_s: f64,
    pub(crate) split_s: Option<f64>,
    pub(crate) split_mb: Option<f64>,
    pub(crate) min_free_mb: Option<f64>,
    pub(crate) lock: bool,
}

impl Settings {
    /// Finds every mistake.
    pub(crate) fn check(
        path: &str,
        limits: Limits,
        ctx: &StageInitCtx,
    ) -> Result<Self, Vec<ConfigError>> {
        let positive = |param: &str, value: Option<f64>| {
            let value = value.unwrap_or(1.0);
            ConfigError::require(value > 0.0 && value.is_finite(), param, "above 0", value)
        };
        let Limits { buffer_s, sync_s, split_s, split_mb, min_free_mb, .. } = limits;
        let free_mb = min_free_mb.unwrap_or(0.0);
        let path = PathTemplate::parse(path, ctx);
        ConfigError::all([
            path.as_ref().map(drop).map_err(Clone::clone),
            ConfigError::require(
                (0.5..=600.0).contains(&buffer_s),
                "buffer_s",
                "from 0.5 to 600",
                buffer_s,
            ),
            ConfigError::require(
                (0.1..=60.0).contains(&sync_s),
                "sync_s",
                "from 0.1 to 60",
                sync_s,
            ),
            positive("split_s", split_s),
            positive("split_mb", split_mb),
            ConfigError::require(
                free_mb >= 0.0 && free_mb.is_finite(),
                "min_free_mb",
                "0 or more",
                free_mb,
            ),
        ])?;
        Ok(Self { path: path?, limits, may_end: Arc::clone(&ctx.may_end) })
    }
}

pub(crate) const fn buffer_s() -> f64 {
    10.0
}

pub(crate) const fn sync_s() -> f64 {
    1.0
}

pub(crate) const fn locked() -> bool {
    true
}

/// Writes the parameter struct of a recorder: its own parameters, then those that all have.
macro_rules! recording_desc {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty = $example:expr,)*
        }
        path: $path:literal
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            /// The file, relative to the data dir. `{run}` is the first number that is free, `{start}` the time at which it is
            /// opened (`20261123T103000Z`); in a study also `{study}`, `{participant}` and `{task}`. A file of that name
            /// that is there already is kept under another name.
            pub path: String,
            $($(#[$field_meta])* pub $field: $type,)*
            /// Seconds of signal that are kept while the disk does not take any. What comes after is lost, and said to be.
            #[serde(default = "super::recorder::settings::buffer_s")]
            pub buffer_s: f64,
            /// Seconds after which what is written is made to outlast a power cut.
            #[serde(default = "super::recorder::settings::sync_s")]
            pub sync_s: f64,
            /// Goes on in a new file after so many seconds of signal. No sample is lost or doubled in between.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub split_s: Option<f64>,
            /// Goes on in a new file after so many millions of bytes.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub split_mb: Option<f64>,
            /// Ends the recording in order when the disk has less room than this, in millions of bytes. Without it a
            /// twentieth of the disk, at most 100.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub min_free_mb: Option<f64>,
            /// While the file is open, what it records may not be changed. Without this, changes are noted in it.
            #[serde(default = "super::recorder::settings::locked")]
            pub lock: bool,
        }

        impl $name {
            fn sample() -> Self {
                Self {
                    path: $path.to_owned(),
                    $($field: $example,)*
                    buffer_s: super::recorder::settings::buffer_s(),
                    sync_s: super::recorder::settings::sync_s(),
                    split_s: None,
                    split_mb: None,
                    min_free_mb: None,
                    lock: true,
                }
            }

            fn settings(
                &self,
                ctx: &plugin_api::StageInitCtx,
            ) -> Result<super::recorder::Settings, Vec<plugin_api::ConfigError>> {
                let Self { buffer_s, sync_s, split_s, split_mb, min_free_mb, lock, .. } = *self;
                super::recorder::Settings::check(
                    &self.path,
                    super::recorder::Limits { buffer_s, sync_s, split_s, split_mb, min_free_mb, lock },
                    ctx,
                )
            }
        }
    };
}
pub(crate) use recording_desc;
