//! The report as a picture: a bar for each figure, section by section, with a whisker from the least to the most.

use super::report::{Report, Row, figure};
use std::fmt::Write;

const LINE: f64 = 18.0;
const NAMES: f64 = 250.0;
const BARS: f64 = 420.0;
const FIGURES: f64 = 130.0;
/// Sections whose figures span more than this have a logarithmic scale.
const WIDE: f64 = 50.0;

/// As an SVG file.
pub(super) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 24.0;
    let title = format!("eegd {} bench, {}", report.eegd, report.taken_at);
    text(&mut body, 10.0, y, "title", &title);
    for line in &report.machine {
        y += LINE;
        text(&mut body, 10.0, y, "small", line);
    }
    for rows in report.rows.chunk_by(|a, b| a.section == b.section) {
        let Some(first) = rows.first() else { continue };
        let scale = Scale::over(rows);
        let kind = if scale.logarithmic { ", logarithmic scale" } else { "" };
        y += 1.7 * LINE;
        text(&mut body, 10.0, y, "section", &format!("{}{kind}", first.section));
        for row in rows {
            y += LINE;
            bar(&mut body, y, row, &scale);
        }
    }
    let (width, height) = (NAMES + BARS + FIGURES, y + 20.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>text {{ font: 12px sans-serif; fill: #222 }} .title {{ font-size: 15px; font-weight: bold }} \
         .section {{ font-weight: bold }} .small {{ fill: #555 }} .bar {{ fill: #4a7fb5 }} .whisker {{ stroke: #222 }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

fn bar(body: &mut String, y: f64, row: &Row, scale: &Scale) {
    text(body, 10.0, y, "", &row.name);
    let (value, low, high) = (scale.x(row.value), scale.x(row.low), scale.x(row.high));
    // Writing to a string does not fail.
    let _ = writeln!(
        body,
        "<rect class=\"bar\" x=\"{NAMES}\" y=\"{:.1}\" width=\"{value:.1}\" height=\"11\"/>\
         <path class=\"whisker\" d=\"M{:.1} {:.1}H{:.1}\"/>",
        y - 10.0,
        NAMES + low,
        y - 4.5,
        NAMES + high
    );
    text(body, NAMES + BARS + 10.0, y, "", &format!("{} {}", figure(row.value), row.unit));
}

fn text(body: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\">{words}</text>");
}

/// From figures to lengths.
struct Scale {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Scale {
    fn over(rows: &[Row]) -> Self {
        let positive = |x: &f64| *x > 0.0;
        let lows = rows.iter().map(|row| row.low).filter(positive);
        let least = lows.fold(f64::INFINITY, f64::min);
        let most = rows.iter().map(|row| row.high).fold(0.0, f64::max);
        Self { least, most, logarithmic: most / least > WIDE }
    }

    fn x(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            // A decade below the least, so that it has a length.
            let decades = |x: f64| (x / self.least).log10() + 1.0;
            decades(value) / decades(self.most)
        } else {
            value / self.most
        };
        // Neither NaN nor what lies below the scale has a length.
        if share > 0.0 { BARS * share.min(1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{Better, tests::report};
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures() {
        let rows =
            [("a", Better::Lower, 10.0, 20.0, 40.0), ("b <&", Better::Lower, 5.0, 10.0, 10.0)];
        let svg = svg(&report(&rows));
        let lengths: Vec<&str> =
            svg.split("class=\"bar\"").skip(1).filter_map(|s| s.split('"').nth(5)).collect();
        assert_eq!(lengths, ["210.0", "105.0"]);
        assert!(svg.contains("b &lt;&amp;") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("d=\"M355.0"), "the whisker begins at 10 of 40: {svg}");
    }

    #[test]
    fn a_wide_section_is_logarithmic_and_nothing_has_no_length() {
        let rows = report(&[
            ("knee", Better::Higher, 1e3, 1e5, 1e5),
            ("less", Better::Higher, 1e3, 1e3, 1e3),
            ("none", Better::Higher, 0.0, 0.0, 0.0),
        ])
        .rows;
        let scale = Scale::over(&rows);
        assert!(scale.logarithmic);
        assert_eq!([1e5, 1e3, 0.0].map(|x| scale.x(x).round()), [BARS, BARS / 3.0, 0.0]);
    }
}
