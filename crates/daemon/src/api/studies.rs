//! `/studies`: recordings with all that is needed to repeat them, begun, ended, listed, handed out.

use super::query::{Peer, Query};
use super::{ApiError, App, body};
use crate::control::Refused;
use crate::studies::{self, Disk, SessionMeta, StudyFile, StudyForm};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read};

/// Bytes handed out at a time.
const PIECE: usize = 1 << 18;

/// Every study below the data dir.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StudyListing {
    /// The newest first.
    studies: Vec<ListedStudy>,
    /// The room for more.
    disk: Option<Disk>,
}

/// A study and its files.
#[derive(Debug, Serialize, JsonSchema)]
struct ListedStudy {
    /// What it says about itself.
    #[serde(flatten)]
    meta: SessionMeta,
    /// Its files.
    files: Vec<StudyFile>,
}

/// What is being recorded now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CurrentStudy {
    /// The study; `null` when none is being recorded.
    study: Option<SessionMeta>,
    /// What there is of it on the disk by now.
    files: Vec<StudyFile>,
    /// The room for more.
    disk: Option<Disk>,
}

/// Begins a study: a folder, and recorders in the running pipeline.
#[utoipa::path(
    post, path = "/studies", operation_id = "begin_study",
    request_body = ref("#/components/schemas/StudyForm"),
    responses(
        (status = 201, description = "It is being recorded.", body = ref("#/components/schemas/SessionMeta")),
        (status = 409, description = "Nothing runs, or a study is being recorded already."),
        (status = 422, description = "A recorder cannot be opened, or the stream cannot be recorded."),
        (status = 423, description = "What is to be recorded is locked by another recorder."),
    ),
)]
pub(super) async fn begin(
    State(app): State<App>,
    Peer(by): Peer,
    query: Query,
    request: Request,
) -> Result<(StatusCode, Json<SessionMeta>), ApiError> {
    query.only(&[])?;
    let form: StudyForm = body::form(&app, request).await?;
    let meta = app.state.control.try_ask(move |operator| operator.begin_study(&form, &by)).await?;
    Ok((StatusCode::CREATED, Json(meta)))
}

/// Ends the study: its files are closed, whole; answers when their checksums are known.
#[utoipa::path(
    post, path = "/studies/current/stop", operation_id = "end_study",
    responses(
        (status = 200, description = "It is complete.", body = ref("#/components/schemas/SessionMeta")),
        (status = 409, description = "No study is being recorded."),
    ),
)]
pub(super) async fn end(
    State(app): State<App>,
    Peer(by): Peer,
    query: Query,
) -> Result<Json<SessionMeta>, ApiError> {
    query.only(&[])?;
    let ended = app.state.control.try_ask(move |operator| operator.end_study(&by)).await?;
    let summed_up = tokio::task::spawn_blocking(move || ended.sum_up()).await;
    match summed_up {
        Ok(Ok(meta)) => Ok(Json(meta)),
        Ok(Err(error)) => {
            Err(Refused::Study(format!("the files are closed, but {error:#}")).into())
        }
        Err(_) => Err(Refused::Closing.into()),
    }
}

/// Every study below the data dir.
///
/// One that says `recording` and is not the current one was interrupted: what is in its files can be read.
#[utoipa::path(
    get, path = "/studies", operation_id = "list_studies",
    responses((status = 200, description = "The newest first.", body = ref("#/components/schemas/StudyListing"))),
)]
pub(super) async fn list(State(app): State<App>) -> Json<StudyListing> {
    let data_dir = app.state.control.data_dir().to_path_buf();
    let look = move || (studies::list(&data_dir), Disk::of(&data_dir));
    let (all, disk) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
    let listed = |(meta, files)| ListedStudy { meta, files };
    Json(StudyListing { studies: all.into_iter().map(listed).collect(), disk })
}

/// The study that is being recorded, how much of it is on the disk, and the room for more.
#[utoipa::path(
    get, path = "/studies/current", operation_id = "get_current_study",
    responses((status = 200, description = "It, or `null`.", body = ref("#/components/schemas/CurrentStudy"))),
)]
pub(super) async fn current(State(app): State<App>) -> Json<CurrentStudy> {
    let data_dir = app.state.control.data_dir().to_path_buf();
    let study = app.state.control.study();
    let folder = study.as_ref().map(|meta| meta.study.clone());
    let look = move || {
        let files = folder.map(|folder| studies::files(&data_dir, &folder)).unwrap_or_default();
        (files, Disk::of(&data_dir))
    };
    let (files, disk) = tokio::task::spawn_blocking(look).await.unwrap_or_default();
    Json(CurrentStudy { study, files, disk })
}

/// A file of a study.
#[utoipa::path(
    get, path = "/studies/{study}/files/{name}", operation_id = "get_study_file",
    params(("study" = String, Path, description = "The study's folder, without `studies/`."), ("name" = String, Path, description = "The file.")),
    responses(
        (status = 200, description = "The file as it is now.", content_type = "application/octet-stream"),
        (status = 404, description = "There is no such study, or no such file in it."),
    ),
)]
pub(super) async fn file(
    State(app): State<App>,
    Path((study, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let data_dir = app.state.control.data_dir().to_path_buf();
    let asked = name.clone();
    let open = move || {
        let path = studies::file(&data_dir, &study, &asked)?;
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Some((file, length))
    };
    let opened = tokio::task::spawn_blocking(open).await.unwrap_or_default();
    let (file, length) = opened.ok_or_else(|| {
        ApiError::NotFound(format!(
            "there is no file `{name}` in that study: GET /studies lists them"
        ))
    })?;
    let quoted: String = name.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{quoted}\"")),
    ];
    // A recording that still grows is handed out as long as it was when it was asked for.
    let pieces = stream::unfold((file, length), |(file, left)| async move {
        if left == 0 {
            return None;
        }
        let read = tokio::task::spawn_blocking(move || next_piece(file, left)).await;
        match read {
            Ok(Ok((piece, file))) if !piece.is_empty() => {
                let left = left - piece.len() as u64;
                Some((Ok(piece), (file, left)))
            }
            Ok(Ok((_, file))) => Some((Err(io::ErrorKind::UnexpectedEof.into()), (file, 0))),
            Ok(Err((error, file))) => Some((Err(error), (file, 0))),
            Err(_) => None,
        }
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn next_piece(mut file: File, left: u64) -> Result<(Bytes, File), (io::Error, File)> {
    let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
    match file.read(&mut piece) {
        Ok(n) => {
            piece.truncate(n);
            Ok((piece.into(), file))
        }
        Err(error) => Err((error, file)),
    }
}
