//! `GET /presets`: pipeline files by name.

use super::App;
use crate::control::{BadPreset, Preset};
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

/// Every preset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Listing {
    /// In the order of their names.
    presets: Vec<Listed>,
}

/// One preset.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    /// What `POST /pipeline/start?preset=` takes.
    name: String,
    /// What it says about itself: its first comment.
    description: String,
    /// `yaml`, `toml` or `json`.
    format: Option<&'static str>,
    /// The file.
    text: Option<String>,
    /// Why it cannot be read, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Pipelines by name, to be started by `POST /pipeline/start?preset=NAME`.
#[utoipa::path(
    get, path = "/presets", operation_id = "list_presets",
    responses((status = 200, description = "Every preset.", body = ref("#/components/schemas/Listing"))),
)]
pub(super) async fn list(State(app): State<App>) -> Json<Listing> {
    let presets = app.state.control.presets().clone();
    // A folder may lie on a slow disk.
    let all = tokio::task::spawn_blocking(move || presets.all()).await.unwrap_or_default();
    Json(Listing { presets: all.into_iter().map(listed).collect() })
}

fn listed(preset: Result<Preset, BadPreset>) -> Listed {
    match preset {
        Ok(Preset { name, format, text }) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            let description = first_comment(&text);
            Listed { name, description, format: Some(format.name()), text: Some(text), error: None }
        }
        Err(BadPreset { name, message }) => Listed {
            name,
            description: String::new(),
            format: None,
            text: None,
            error: Some(message),
        },
    }
}

/// The first paragraph of the comment a file begins with.
fn first_comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    let paragraph: Vec<&str> = lines.map(str::trim).take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}
