//! `GET /openapi.json`: the description of the API, made from the handlers (utoipa) and the types they take (schemars).

use super::problem::Problem;
use super::{App, markers, pipeline, presets, start, studies};
use crate::control::StageOrder;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

/// What the whole is called.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "eegd",
        description = "EEG from a board or a recording through a graph of stages to files and live clients. \
                       Live frames come over `/ws/data`, changes also go over `/ws/control`; both are WebSockets.",
    ),
    security((), ("token" = [])),
)]
pub(super) struct Description;

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "get_openapi",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json")),
)]
pub(super) async fn show(State(app): State<App>) -> Json<Value> {
    Json((*app.description).clone())
}

/// The description with its schemas, and with the answers that every operation may give.
pub(super) fn complete(collected: &utoipa::openapi::OpenApi) -> Value {
    let mut api = serde_json::to_value(collected).expect("a description has text keys");
    for (_, item) in api["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            answers(operation, method != "get");
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                // What need not be given cannot be given as `null`.
                if let [kind, null] =
                    &parameter["schema"]["type"].as_array().cloned().unwrap_or_default()[..]
                    && null == "null"
                {
                    parameter["schema"]["type"] = kind.clone();
                }
            }
        }
    }
    api["components"] = json!({
        "schemas": schemas(),
        "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
    });
    api
}

/// Adds what any operation may answer, and the form of every answer that is no success.
fn answers(operation: &mut Value, is_order: bool) {
    let mut common = vec![
        (401, "The token is missing or wrong."),
        (403, "The request is for another host, or comes from a page of another origin."),
    ];
    if operation.get("requestBody").is_some() || operation.get("parameters").is_some() {
        common.push((400, "The request cannot be understood."));
    }
    if operation.get("requestBody").is_some() {
        common.push((408, "The body did not arrive in time."));
        common.push((413, "The body is too long."));
        common.push((415, "The body is of another type."));
    }
    if is_order {
        common.push((429, "Too many orders wait to be carried out: try again."));
    }
    let answers = &mut operation["responses"];
    for (status, description) in common {
        if answers.get(status.to_string()).is_none() {
            answers[status.to_string()] = json!({ "description": description });
        }
    }
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    for (status, answer) in answers.as_object_mut().into_iter().flatten() {
        let is_error = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        if is_error.is_some_and(|status| status.is_client_error() || status.is_server_error()) {
            answer["content"] = json!({ "application/problem+json": { "schema": schema } });
        }
    }
}

fn schemas() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    // What may be left out of a request is not what may be missing from an answer.
    let mut taken = settings.clone().for_deserialize().into_generator();
    add::<StageOrder>(&mut taken);
    add::<json_patch::Patch>(&mut taken);
    add::<markers::Marker>(&mut taken);
    add::<crate::studies::StudyForm>(&mut taken);
    let mut given = settings.for_serialize().into_generator();
    add::<Problem<'_>>(&mut given);
    add::<markers::Marked>(&mut given);
    add::<pipeline::Change>(&mut given);
    add::<crate::ledger::LedgerReport>(&mut given);
    add::<presets::Listing>(&mut given);
    add::<start::Started>(&mut given);
    add::<start::Stopped>(&mut given);
    add::<studies::StudyListing>(&mut given);
    add::<studies::CurrentStudy>(&mut given);
    add::<crate::studies::SessionMeta>(&mut given);
    let mut schemas = taken.take_definitions(true);
    schemas.extend(given.take_definitions(true));
    schemas.extend(by_hand());
    for (name, examples) in examples() {
        schemas[name]["examples"] = examples;
    }
    schemas
}

fn add<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) {
    let _ = generator.subschema_for::<T>();
}

/// What somebody would send.
fn examples() -> [(&'static str, Value); 4] {
    [
        (
            "PatchBody",
            json!([[{ "op": "replace", "path": "/stages/notch/params/hz", "value": 50 }]]),
        ),
        (
            "StageOrder",
            json!([
                { "action": "add", "kind": "psd", "after": "notch", "params": { "window_s": 2 } },
                { "action": "remove" },
                { "action": "restart" },
            ]),
        ),
        ("Marker", json!([{ "text": "eyes closed" }])),
        (
            "Document",
            json!([{ "stages": [
            { "synthetic": { "sps": 250, "channels": 8 } }, "to_voltage", { "notch": { "hz": 60 } }, { "websocket_sink": { "topic": "eeg" } },
        ] }]),
        ),
    ]
}

/// Schemas of what is made without a type.
fn by_hand() -> Map<String, Value> {
    let stage = json!({
        "type": "object", "required": ["kind"], "additionalProperties": false,
        "properties": {
            "kind": { "type": "string" },
            "inputs": { "anyOf": [{ "type": "null" }, { "type": "string" }, { "type": "array", "items": { "type": "string" } }] },
            "group": { "type": ["string", "null"] },
            "on_error": { "anyOf": [{ "type": "null" }, { "enum": ["fatal", "drain_then_stop", "skip_packet"] }] },
            "params": { "type": "object" },
        },
    });
    let document = json!({
        "description": "The merged document, or the list form of a pipeline file: `[{KIND: {PARAM: VALUE}}]`.",
        "anyOf": [
            {
                "type": "object", "required": ["stages"], "additionalProperties": false,
                "properties": {
                    "name": { "type": ["string", "null"] },
                    "sensors": { "type": "object" },
                    "groups": { "type": "object" },
                    "record": { "anyOf": [{ "type": "null" }, { "$ref": "#/components/schemas/StudyForm" }] },
                    "stages": { "anyOf": [
                        { "type": "object", "additionalProperties": stage },
                        { "type": "array", "items": { "type": ["object", "string"] } },
                    ] },
                },
            },
            { "type": "array", "items": { "type": ["object", "string"] } },
        ],
    });
    let pipeline = json!({
        "type": "object", "required": ["state", "revision", "config", "stages", "failures", "origin", "overrides"],
        "properties": {
            "state": { "enum": ["idle", "starting", "running", "draining", "failed"] },
            "revision": { "type": "integer", "minimum": 0, "description": "Raised by every change of the document." },
            "reason": { "type": ["string", "null"], "description": "Why nothing runs, or why something else does than was asked for." },
            "origin": { "type": "string", "description": "What was loaded." },
            "overrides": { "$ref": "#/components/schemas/Patch", "description": "What has been changed since it was loaded." },
            "gap_ms": { "type": ["number", "null"], "description": "For how long nothing can have flowed when this pipeline took the place of another." },
            "time_ns": { "type": "integer", "description": "When this was said, nanoseconds since the Unix epoch, by the clock that frames are stamped with." },
            "config": { "type": "object", "description": "The merged document." },
            "stages": { "type": "object", "description": "The figures of each stage.", "additionalProperties": {
                "type": "object", "required": ["state", "role", "group", "closed_by"],
                "properties": {
                    "state": { "enum": ["running", "ended", "failed"] },
                    "closed_by": { "type": ["string", "null"], "description": "The stage whose failure closed this one." },
                    "role": { "enum": ["source", "transform", "sink"] },
                    "group": { "type": "string" },
                },
            } },
            "failures": { "type": "array", "items": { "type": "object", "required": ["message"] } },
            "scheduling": { "$ref": "#/components/schemas/SchedulingReport", "description": "How the threads are scheduled: asked for, and got." },
        },
    });
    let patch = json!({ "anyOf": [
        { "$ref": "#/components/schemas/Patch" },
        {
            "type": "object", "required": ["patch"],
            "properties": {
                "patch": { "$ref": "#/components/schemas/Patch" },
                "if_revision": { "type": ["integer", "null"], "minimum": 0 },
            },
        },
    ] });
    let schemas = json!({ "Document": document, "Pipeline": pipeline, "PatchBody": patch });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}
