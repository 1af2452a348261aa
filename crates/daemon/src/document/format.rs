//! Which syntax a text is in: by the name of its file, or by the content type it was sent with.

use super::tree::{Fault, Node};
use super::{json, toml, yaml};
use std::path::Path;

/// A syntax for pipeline files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2.
    Yaml,
    /// TOML 1.1.
    Toml,
    /// JSON.
    Json,
}

impl Format {
    /// By extension: `.yaml`, `.yml`, `.toml`, `.json`.
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// By the value of a `Content-Type` header.
    ///
    /// ```
    /// use daemon::document::Format;
    /// assert_eq!(Format::of_content_type("text/yaml; charset=utf-8"), Some(Format::Yaml));
    /// assert_eq!(Format::of_content_type("image/png"), None);
    /// ```
    pub fn of_content_type(value: &str) -> Option<Self> {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let subtype =
            essence.strip_prefix("application/").or_else(|| essence.strip_prefix("text/"))?;
        match subtype.strip_prefix("x-").unwrap_or(subtype) {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// As the API calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Json => "json",
        }
    }

    /// How a stage of the list form is written, with one of its keys.
    pub(super) fn item(self, kind: &str, key: Option<&str>) -> String {
        match (self, key) {
            (Self::Yaml, None) => format!("`- {kind}: {{ … }}`"),
            (Self::Yaml, Some(key)) => format!("`- {kind}: {{ {key}: … }}`"),
            (Self::Toml, None) => format!("`{kind} = {{ … }}`"),
            (Self::Toml, Some(key)) => format!("`{kind} = {{ {key} = … }}`"),
            (Self::Json, None) => format!("`{{ \"{kind}\": {{ … }} }}`"),
            (Self::Json, Some(key)) => format!("`{{ \"{kind}\": {{ \"{key}\": … }} }}`"),
        }
    }

    pub(super) fn read(self, text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
        match self {
            Self::Yaml => yaml::read(text, faults),
            Self::Toml => toml::read(text, faults),
            Self::Json => json::read(text, faults),
        }
    }
}
