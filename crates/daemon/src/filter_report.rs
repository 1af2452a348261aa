//! What each filter of a pipeline does, frequency by frequency: `eegd check --filters` and `GET /pipeline/filter_report`.
//!
//! Computed by the stages themselves from the coefficients that run; gain and phase as `scipy.signal.sosfreqz`, delay as
//! `scipy.signal.group_delay`, settling time to 1 %.

use pipeline_core::graph::{CheckedGraph, FrequencyResponse};
use serde_json::{Value, json};
use std::sync::Arc;

/// The edges and middles of the EEG's bands, and the mains.
pub(crate) const USUAL_HZ: &[f64] = &[
    0.1, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 100.0,
    200.0, 500.0, 1000.0,
];

/// The filters of a graph by the id of their stage.
pub(crate) type Filters = Vec<(String, Arc<dyn FrequencyResponse>)>;

/// Those stages that are filters.
pub(crate) fn filters(graph: &CheckedGraph) -> Filters {
    let filter =
        |node: &pipeline_core::graph::Node| Some((node.id.clone(), node.response.clone()?));
    graph.nodes.iter().filter_map(filter).collect()
}

/// One filter's answer.
#[derive(Debug)]
pub(crate) struct FilterReport {
    /// Samples per second at its input.
    rate_hz: f64,
    settling_s: f64,
    points: Vec<Point>,
}

#[derive(Debug)]
struct Point {
    hz: f64,
    /// Negative infinity where nothing passes.
    gain_db: f64,
    phase_deg: f64,
    group_delay_s: f64,
}

impl FilterReport {
    /// The response at those of the frequencies that exist, below half the rate.
    pub(crate) fn new(filter: &dyn FrequencyResponse, hz: &[f64]) -> Self {
        let rate_hz = filter.rate_hz();
        let there = hz.iter().copied().filter(|hz| (0.0..rate_hz / 2.0).contains(hz));
        let point = |hz: f64| {
            let [re, im] = filter.response(hz);
            Point {
                hz,
                gain_db: 20.0 * re.hypot(im).log10(),
                phase_deg: im.atan2(re).to_degrees(),
                group_delay_s: filter.group_delay_s(hz),
            }
        };
        Self { rate_hz, settling_s: filter.settling_s(), points: there.map(point).collect() }
    }

    /// Arrays of one length, for a plot. A gain of nothing at all is `null`.
    pub(crate) fn to_json(&self) -> Value {
        let all = |value: fn(&Point) -> f64| self.points.iter().map(value).collect::<Vec<f64>>();
        json!({
            "rate_hz": self.rate_hz,
            "settling_s": self.settling_s,
            "hz": all(|p| p.hz),
            "gain_db": all(|p| p.gain_db),
            "phase_deg": all(|p| p.phase_deg),
            "group_delay_s": all(|p| p.group_delay_s),
        })
    }

    /// A line about the filter and one for each frequency.
    pub(crate) fn to_text(&self, id: &str, kind: &str) -> String {
        let mut lines = vec![
            format!(
                "{id} ({kind}, {} samples/s): settles in {:.1} ms",
                self.rate_hz,
                self.settling_s * 1e3
            ),
            format!("{:>12} {:>12} {:>12} {:>12}", "hz", "gain_db", "phase_deg", "delay_ms"),
        ];
        lines.extend(self.points.iter().map(|Point { hz, gain_db, phase_deg, group_delay_s }| {
            let delay_ms = group_delay_s * 1e3;
            format!("{hz:>12} {gain_db:>12.3} {phase_deg:>12.2} {delay_ms:>12.3}")
        }));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A delay of one sample at half the gain.
    #[derive(Debug)]
    struct Half;

    impl FrequencyResponse for Half {
        fn rate_hz(&self) -> f64 {
            100.0
        }
        fn response(&self, hz: f64) -> [f64; 2] {
            let (sin, cos) = (-std::f64::consts::TAU * hz / 100.0).sin_cos();
            [0.5 * cos, 0.5 * sin]
        }
        fn group_delay_s(&self, _hz: f64) -> f64 {
            0.01
        }
        fn settling_s(&self) -> f64 {
            0.02
        }
    }

    #[test]
    fn frequencies_that_do_not_exist_are_left_out() {
        let report = FilterReport::new(&Half, &[0.0, 25.0, 50.0, 60.0]).to_json();
        assert_eq!(report["hz"], json!([0.0, 25.0]));
        assert_eq!(report["phase_deg"], json!([0.0, -90.0]));
        assert_eq!(report["group_delay_s"], json!([0.01, 0.01]));
        let gain = report["gain_db"][1].as_f64().unwrap();
        assert!((gain + 6.0206).abs() < 1e-4, "{gain}");
    }

    #[test]
    fn the_table_says_how_long_it_takes() {
        let text = FilterReport::new(&Half, &[25.0]).to_text("half", "fir");
        assert!(text.starts_with("half (fir, 100 samples/s): settles in 20.0 ms\n"), "{text}");
        assert!(text.ends_with("          25       -6.021       -90.00       10.000"), "{text}");
    }
}
