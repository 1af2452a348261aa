//! What can be wrong with a description, and where: a JSON pointer into the merged document.

use std::fmt::Display;

/// A parameter, an input or a setting that a stage cannot be built from. Names no stage: the graph adds that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A parameter that is wrong whatever the input.
    #[error("{message}")]
    Param {
        /// The parameter, or a path below it (`bands/alpha`).
        param: String,
        /// The whole sentence.
        message: String,
    },
    /// A parameter that does not fit this input: a cut-off above half the rate.
    #[error("{message}")]
    ParamForInput {
        /// The parameter.
        param: String,
        /// The whole sentence.
        message: String,
    },
    /// A parameter that contradicts one of the source that the stage's input comes from.
    #[error("{message}")]
    AgainstSource {
        /// The parameter.
        param: String,
        /// That of the source.
        of_source: &'static str,
        /// The whole sentence.
        message: String,
    },
    /// An input that the stage cannot take: raw codes where it needs microvolts.
    #[error("{0}")]
    Input(String),
    /// A setting elsewhere in the document.
    #[error("{message}")]
    Setting {
        /// JSON pointer into the merged document: `/sensors/0/driver`.
        path: String,
        /// The whole sentence.
        message: String,
    },
}

impl ConfigError {
    /// `Ok` when `holds`; write conditions so that NaN fails them.
    ///
    /// # Errors
    /// [`ConfigError::Param`] when not.
    pub fn require(holds: bool, param: &str, rule: &str, value: impl Display) -> Result<(), Self> {
        if holds {
            return Ok(());
        }
        Err(Self::param_message(param, format!("`{param}` must be {rule}, not {value}")))
    }

    /// A parameter that is wrong whatever the input, in a sentence of its own.
    pub fn param_message(param: &str, message: impl Into<String>) -> Self {
        Self::Param { param: param.to_owned(), message: message.into() }
    }

    /// The parameter this is about.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Param { param, .. }
            | Self::ParamForInput { param, .. }
            | Self::AgainstSource { param, .. } => Some(param),
            Self::Input(_) | Self::Setting { .. } => None,
        }
    }

    /// Whether the mistake could come from what the stage is fed rather than from the stage itself.
    pub(super) const fn depends_on_input(&self) -> bool {
        matches!(self, Self::ParamForInput { .. } | Self::AgainstSource { .. } | Self::Input(_))
    }

    /// As a mistake of `stage`, whose input comes from `source`.
    pub(super) fn at(self, stage: &str, source: &str) -> GraphError {
        let path = match (&self, self.param()) {
            (Self::Setting { path, .. }, _) => path.clone(),
            (_, Some(param)) => format!("/stages/{stage}/params/{param}"),
            (_, None) => format!("/stages/{stage}"),
        };
        let against = match &self {
            Self::AgainstSource { of_source, .. } => {
                Some(format!("/stages/{source}/params/{of_source}"))
            }
            _ => None,
        };
        GraphError { path, message: self.to_string(), against }
    }
}

/// One mistake in a graph and where it stands in the merged document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct GraphError {
    /// JSON pointer: `/stages/notch/params/hz`.
    pub path: String,
    /// What is wrong and what to do, one sentence.
    pub message: String,
    /// JSON pointer to what it contradicts, where that is elsewhere.
    pub against: Option<String>,
}

impl GraphError {
    /// A mistake at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), against: None }
    }
}

/// So that `?` on one mistake works where several can be returned.
impl From<ConfigError> for Vec<ConfigError> {
    fn from(error: ConfigError) -> Self {
        vec![error]
    }
}

impl ConfigError {
    /// All mistakes among several checks at once.
    ///
    /// # Errors
    /// Every check that failed.
    pub fn all(checks: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Vec<Self>> {
        let errors: Vec<Self> = checks.into_iter().filter_map(Result::err).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
