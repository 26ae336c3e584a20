//! The table that the demo prints.

use std::fmt;
use std::time::Instant;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::client::Answer;

/// As wide as most terminals.
const WIDTH: u16 = 120;

/// What was asked, answered and shown, in order.
#[derive(Debug)]
pub(super) struct Report {
    rows: Vec<Row>,
    began: Instant,
}

/// One line of the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) request: String,
    pub(super) status: String,
    pub(super) replayed: String,
    /// An order's id or an error's code.
    pub(super) answer: String,
    /// How many orders the database has afterwards.
    pub(super) orders: i64,
    pub(super) shows: &'static str,
}

impl Row {
    pub(super) fn new(request: &str, answer: &Answer) -> Self {
        Self {
            request: request.to_owned(),
            status: answer.status.to_string(),
            replayed: if answer.is_replayed() { "true" } else { "" }.to_owned(),
            answer: shortened(answer.says()),
            ..Self::default()
        }
    }
}

impl Default for Report {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            began: Instant::now(),
        }
    }
}

impl Report {
    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(super) fn summary(&self) -> String {
        let orders = self.rows.last().map_or(0, |row| row.orders);
        let seconds = self.began.elapsed().as_secs_f32();
        format!("Every answer was as promised: {orders} orders for all of it, in {seconds:.1} s.")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header([
                "Request",
                "Status",
                "Replayed",
                "Order or code",
                "Rows",
                "What it shows",
            ]);
        for row in &self.rows {
            table.add_row([
                &row.request,
                &row.status,
                &row.replayed,
                &row.answer,
                &row.orders.to_string(),
                row.shows,
            ]);
        }
        if let Some(orders) = table.column_mut(4) {
            orders.set_cell_alignment(CellAlignment::Right);
        }
        table.fmt(f)
    }
}

/// The first characters of an id are enough to tell it from the others. Codes are kept whole.
fn shortened(mut answer: String) -> String {
    if answer.starts_with("ord_") {
        answer.truncate("ord_00000000".len());
        answer.push('…');
    }
    answer
}
