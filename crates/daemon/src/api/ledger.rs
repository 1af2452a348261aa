//! `GET /pipeline/ledger`: where every sample is that was acquired, or what became of it.

use super::App;
use crate::ledger::LedgerReport;
use axum::Json;
use axum::extract::State;

/// The ledger: what every source acquired, and what every stage, file and live client got of it and did not.
#[utoipa::path(
    get, path = "/pipeline/ledger", operation_id = "get_ledger",
    responses((status = 200, description = "The ledger.", body = ref("#/components/schemas/LedgerReport"))),
)]
pub(super) async fn show(State(app): State<App>) -> Json<LedgerReport> {
    let report = LedgerReport::of_stages(&app.state.control.host().ledger());
    Json(report.with_clients(&app.state.broker, &app.clients))
}
