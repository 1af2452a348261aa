//! The text format of Prometheus, version 0.0.4: families with help and type, labels escaped.
//!
//! Written by hand because the crates for it write `OpenMetrics`, whose counters `promtool check metrics` does not accept.

use pipeline_core::telemetry::HistogramSnapshot;
use std::fmt::{Display, Write};

/// The content type of what is written here.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Octaves of nanoseconds that become buckets: 2^10 (1 us) to 2^35 (34 s).
const OCTAVES: (u32, u32) = (10, 35);

/// Labels of a sample: names and values.
pub(super) type Labels<'l> = &'l [(&'l str, &'l str)];

/// What is exposed, as text.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A count that only grows. Its name ends with `_total`.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        debug_assert!(name.ends_with("_total"), "{name}");
        self.family(name, help, "counter")
    }

    /// A value that may be anything at any time.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        debug_assert!(!name.ends_with("_total"), "{name}");
        self.family(name, help, "gauge")
    }

    /// A distribution of durations. Its name ends with `_seconds`.
    pub(super) fn durations(&mut self, name: &'static str, help: &str) -> Family<'_> {
        debug_assert!(name.ends_with("_seconds"), "{name}");
        self.family(name, help, "histogram")
    }

    fn family(&mut self, name: &'static str, help: &str, kind: &'static str) -> Family<'_> {
        let head = format!("# HELP {name} {}\n# TYPE {name} {kind}\n", escape(help, false));
        Family { text: &mut self.text, name, head: Some(head) }
    }
}

/// One metric and all its samples. Without a sample it is not there at all.
pub(super) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
    head: Option<String>,
}

impl Family<'_> {
    /// One value.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    /// A distribution of nanoseconds, as cumulative counts of seconds.
    pub(super) fn histogram(&mut self, labels: Labels<'_>, values: &HistogramSnapshot) {
        let count = values.count();
        for (edge_ns, below) in values.octaves(OCTAVES.0, OCTAVES.1) {
            self.line("_bucket", labels, Some(&seconds(edge_ns)), below);
        }
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, seconds(values.sum));
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, edge: Option<&str>, value: impl Display) {
        if let Some(head) = self.head.take() {
            self.text.push_str(&head);
        }
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let labels = labels.iter().copied().chain(edge.map(|edge| ("le", edge)));
        let mut open = '{';
        for (name, value) in labels {
            self.text.push(open);
            open = ',';
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text.push_str(&escape(value, true));
            self.text.push('"');
        }
        let close = if open == ',' { "} " } else { " " };
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{close}{value}");
    }
}

/// Nanoseconds as seconds, exactly.
fn seconds(ns: u64) -> String {
    let (whole, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Backslash and line feed everywhere, quotes in the values of labels.
fn escape(text: &str, quotes: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '"' if quotes => escaped.push_str("\\\""),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_core::telemetry::Histogram;

    #[test]
    fn samples_with_escaped_labels_below_their_head_and_no_head_without_samples() {
        let mut exposition = Exposition::default();
        drop(exposition.gauge("eegd_nothing", "Nobody has one."));
        let mut family = exposition.counter("eegd_lost_frames_total", "Lost,\nby \"cause\".");
        family.sample(&[("stage", "a\\b\"c\nd"), ("cause", "late")], 3);
        family.sample(&[], 1.5);
        let expected = "# HELP eegd_lost_frames_total Lost,\\nby \"cause\".\n\
                        # TYPE eegd_lost_frames_total counter\n\
                        eegd_lost_frames_total{stage=\"a\\\\b\\\"c\\nd\",cause=\"late\"} 3\n\
                        eegd_lost_frames_total 1.5\n";
        assert_eq!(exposition.into_text(), expected);
    }

    #[test]
    fn a_histogram_is_cumulative_in_seconds() {
        let histogram = Histogram::default();
        for ns in [500, 1023, 1024, 2_000_000_000, u64::from(u32::MAX) * 100] {
            histogram.record(ns);
        }
        let mut exposition = Exposition::default();
        let snapshot = histogram.snapshot();
        exposition.durations("eegd_x_seconds", "X.").histogram(&[("to", "dsp")], &snapshot);
        let text = exposition.into_text();
        for line in [
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"0.000001023\"} 2",
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"0.000002047\"} 3",
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"1.073741823\"} 3",
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"2.147483647\"} 4",
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"34.359738367\"} 4",
            "eegd_x_seconds_bucket{to=\"dsp\",le=\"+Inf\"} 5",
            "eegd_x_seconds_sum{to=\"dsp\"} 431.496732047",
            "eegd_x_seconds_count{to=\"dsp\"} 5",
        ] {
            assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
        }
    }
}
