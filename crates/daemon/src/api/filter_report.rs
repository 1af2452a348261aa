//! `GET /pipeline/filter_report`: what each filter does to each frequency, as arrays for a plot.

use super::query::Query;
use super::{ApiError, App};
use crate::filter_report::FilterReport;
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

/// Most frequencies of one request.
const MOST_HZ: usize = 2000;

/// Points of a plot, when the request names no frequencies: evenly on a logarithmic axis up to half the rate.
const POINTS: u32 = 200;

/// Where the logarithmic axis begins, as a part of half the rate: four decades.
const LOWEST: f64 = 1e-4;

/// What the filters of the pipeline do: gain, phase and group delay at each frequency, and how long they take to settle.
///
/// `filters` has, for the id of each stage that is one, `rate_hz`, `settling_s`, and `hz`, `gain_db`, `phase_deg` and `group_delay_s`,
/// arrays of one length. Computed from the coefficients that run (or ran last).
#[utoipa::path(
    get, path = "/pipeline/filter_report", operation_id = "get_filter_report",
    params(
        ("stage" = Option<String>, Query, description = "Only this stage."),
        ("hz" = Option<String>, Query, description = "Frequencies, as in `1,10,50`; without it, 200 up to half the rate, for a plot."),
    ),
    responses(
        (status = 200, description = "The filters by id.", content_type = "application/json"),
        (status = 404, description = "There is no such filter."),
    ),
)]
pub(super) async fn show(State(app): State<App>, query: Query) -> Result<Json<Value>, ApiError> {
    query.only(&["stage", "hz"])?;
    let asked = query.get("hz").map(frequencies).transpose()?;
    let filters = app.state.control.host().filters();
    let wanted = query.get("stage");
    let mut reports = Map::new();
    for (id, filter) in filters.iter().filter(|(id, _)| wanted.is_none_or(|stage| stage == id)) {
        let for_plot = || {
            let step = |n: u32| LOWEST.powf(1.0 - f64::from(n) / f64::from(POINTS));
            (0..POINTS).map(|n| filter.rate_hz() / 2.0 * step(n)).collect()
        };
        let hz: Vec<f64> = asked.clone().unwrap_or_else(for_plot);
        reports.insert(id.clone(), FilterReport::new(&**filter, &hz).to_json());
    }
    match wanted {
        Some(stage) if reports.is_empty() => {
            let stage: String = stage.chars().take(100).collect();
            Err(ApiError::NotFound(format!("/pipeline/filter_report: `{stage}` is no filter")))
        }
        _ => Ok(Json(json!({ "filters": reports }))),
    }
}

fn frequencies(text: &str) -> Result<Vec<f64>, ApiError> {
    let frequency = |text: &str| text.trim().parse().ok().filter(|hz: &f64| is_frequency(*hz));
    let parsed = text.split(',').map(frequency).collect();
    match parsed {
        Some(hz) if Vec::len(&hz) <= MOST_HZ => Ok(hz),
        Some(_) => Err(ApiError::BadRequest(format!("`hz` takes up to {MOST_HZ} frequencies"))),
        None => Err(ApiError::BadRequest(
            "`hz` takes frequencies of 0 Hz or more, as in `1,10,50`".to_owned(),
        )),
    }
}

fn is_frequency(hz: f64) -> bool {
    hz >= 0.0 && hz.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_numbers_from_0_on() {
        assert_eq!(frequencies("0, 1.5,50").unwrap(), [0.0, 1.5, 50.0]);
        for bad in ["", "1,", "x", "-1", "NaN", "inf"] {
            assert!(matches!(frequencies(bad), Err(ApiError::BadRequest(_))), "{bad}");
        }
        assert!(frequencies(&vec!["1"; MOST_HZ + 1].join(",")).is_err());
    }
}
