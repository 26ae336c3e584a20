//! The figures, as ratios.

use std::fmt::Write as _;
use std::time::Duration;

use super::build::Cost;

/// A figure of each crate, in the order of `Wrapping::ALL`.
#[derive(Debug)]
pub(super) struct Row {
    what: String,
    figures: [f64; 3],
}

impl Row {
    pub(super) fn new(what: String, figures: [f64; 3]) -> Self {
        Self { what, figures }
    }
}

/// The least and the middle of the times of each crate.
pub(super) fn times(mode: &str, costs: &[Vec<Cost>; 3]) -> Vec<Row> {
    let walls = costs
        .each_ref()
        .map(|costs| sorted(costs.iter().map(|it| Some(it.wall))));
    let cpus = costs
        .each_ref()
        .map(|costs| sorted(costs.iter().map(|it| it.cpu)));
    let mut rows = Vec::new();
    for (what, times) in [("wall time", &walls), ("CPU time", &cpus)] {
        if times.iter().any(Vec::is_empty) {
            continue;
        }
        let least = times.each_ref().map(|times| times[0]);
        let middle = times.each_ref().map(|times| times[times.len() / 2]);
        rows.push(Row::new(format!("{mode} {what}, least"), least));
        rows.push(Row::new(format!("{mode} {what}, median"), middle));
    }
    rows
}

fn sorted(times: impl Iterator<Item = Option<Duration>>) -> Vec<f64> {
    let mut times: Vec<f64> = times.flatten().map(|time| time.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The first lines of the table.
pub(super) const HEAD: &str =
    "| | bare | by hand | annotated | annotated / by hand |\n|---|---|---|---|---|\n";

/// Every row against the crate without idempotency, and the attribute against the hand.
pub(super) fn lines(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { what, figures } in rows {
        let [bare, annotated, by_hand] = figures;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {what} | 1.00 | {:.2} | {:.2} | **{:.2}** |",
            by_hand / bare,
            annotated / bare,
            annotated / by_hand
        );
    }
    text
}
