//! Contestants take turns, round by round, so that whatever else the machine does hits all of them alike.
//!
//! The figure of a contestant is its median over the rounds; its ratio is the median of the ratios to the
//! first contestant within each round.

use super::effort::Effort;

/// A table in the making: the first row is what the others are compared with.
pub struct Contest<'a> {
    title: String,
    unit: &'static str,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: String,
    turn: Box<dyn FnMut() -> f64 + 'a>,
    figures: Vec<f64>,
}

impl<'a> Contest<'a> {
    /// An empty table; `unit` is what the contestants' figures are in.
    pub fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Self { title: title.into(), unit, rows: Vec::new() }
    }

    /// Adds a contestant: `turn` measures once and answers with the figure.
    pub fn row(&mut self, name: impl Into<String>, turn: impl FnMut() -> f64 + 'a) {
        self.rows.push(Row { name: name.into(), turn: Box::new(turn), figures: Vec::new() });
    }

    /// Runs the rounds (after one that does not count), prints the table, and answers with the medians.
    pub fn run(mut self, effort: Effort) -> Vec<f64> {
        let rows = self.rows.len();
        for round in 0..=effort.rounds() {
            for turn in 0..rows {
                let row = &mut self.rows[(round + turn) % rows];
                let figure = (row.turn)();
                if round > 0 {
                    row.figures.push(figure);
                }
            }
        }
        println!("\n{}", self.title);
        println!("  ratio   median      min  spread  ({}; ratio to the first row)", self.unit);
        for row in &self.rows {
            let ratios = row.figures.iter().zip(&self.rows[0].figures).map(|(a, b)| a / b);
            println!(
                "{:7.2} {:8.3} {:8.3} {:6.0}%  {}",
                median(ratios),
                median(row.figures.iter().copied()),
                quantile(row.figures.iter().copied(), 0.0),
                spread(&row.figures) * 100.0,
                row.name
            );
        }
        self.rows.iter().map(|row| median(row.figures.iter().copied())).collect()
    }
}

/// The distance between the quartiles, as a share of the median: how noisy the machine was.
fn spread(figures: &[f64]) -> f64 {
    let at = |q| quantile(figures.iter().copied(), q);
    (at(0.75) - at(0.25)) / at(0.5)
}

/// The middle value.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a share `q` of all lies.
///
/// # Panics
/// When there are no values.
pub fn quantile(values: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * q).round() as usize]
}
