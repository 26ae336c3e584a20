//! The statements of a batch, in SQL.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::AssertSqlSafe;

/// The columns, in the order in which they are bound and read.
pub(super) const COLUMNS: [&str; 21] = [
    "record_id",
    "fingerprint",
    "attempt",
    "phase",
    "lease_until",
    "taken_from",
    "provisional_status",
    "provisional_headers",
    "provisional_body",
    "disposition",
    "status",
    "headers",
    "body",
    "expires_at",
    "namespace",
    "operation",
    "claimed_at",
    "generation",
    "abandoned",
    "keep_abandoned",
    "extra",
];

/// The columns that a claim writes if there was no row. The others are still empty.
pub(super) const CLAIMED: [&str; 13] = [
    "record_id",
    "fingerprint",
    "attempt",
    "phase",
    "lease_until",
    "namespace",
    "operation",
    "claimed_at",
    "generation",
    "abandoned",
    "keep_abandoned",
    "created_at",
    "updated_at",
];

/// The columns that hold outcomes, which a listing leaves alone.
const OUTCOMES: [&str; 6] = [
    "provisional_status",
    "provisional_headers",
    "provisional_body",
    "status",
    "headers",
    "body",
];

/// The columns as a listing reads them: in their order, with no outcome.
pub(super) fn listed_columns() -> String {
    let columns = COLUMNS.map(|column| {
        if OUTCOMES.contains(&column) {
            format!("NULL AS {column}")
        } else {
            column.to_owned()
        }
    });
    columns.join(", ")
}

/// A statement, by how many rows it has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Text {
    /// Reads rows by their record ids.
    Load { begin: bool, slots: usize },
    /// Puts rows that claims have made, writes others, and removes others by their record ids.
    Store {
        claims: usize,
        upserts: usize,
        deletes: usize,
        commit: bool,
    },
}

/// Texts that have been written already. They contain nothing but names and placeholders.
#[derive(Debug, Default)]
pub(super) struct Texts(HashMap<Text, Arc<str>>);

impl Texts {
    pub(super) fn of(&mut self, text: Text) -> AssertSqlSafe<Arc<str>> {
        let written = self.0.entry(text).or_insert_with(|| text.write().into());
        AssertSqlSafe(Arc::clone(written))
    }
}

impl Text {
    fn write(self) -> String {
        match self {
            Self::Load { begin, slots } => load(begin, slots),
            Self::Store {
                claims,
                upserts,
                deletes,
                commit,
            } => {
                let mut statements = Vec::new();
                if claims > 0 {
                    statements.push(insert(claims));
                }
                if upserts > 0 {
                    statements.push(upsert(upserts));
                }
                if deletes > 0 {
                    statements.push(delete(deletes));
                }
                if commit {
                    statements.push("COMMIT".to_owned());
                }
                statements.join("; ")
            }
        }
    }
}

fn load(begin: bool, slots: usize) -> String {
    let begin = if begin { "BEGIN IMMEDIATE; " } else { "" };
    let columns = COLUMNS.join(", ");
    let records = placeholders(slots);
    format!("{begin}SELECT {columns} FROM idempotency_records WHERE record_id IN ({records})")
}

/// Most writes are a claim's or a completion's. A claim that finds no row pays for no conflict, and for few columns. Rows
/// whose id is null are padding.
fn insert(slots: usize) -> String {
    let columns = CLAIMED.join(", ");
    let row = format!("({})", placeholders(CLAIMED.len()));
    let values = vec![row.as_str(); slots].join(", ");
    format!(
        "INSERT INTO idempotency_records ({columns}) \
         SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL"
    )
}

/// Rows whose id is null are padding.
fn upsert(slots: usize) -> String {
    let columns = COLUMNS.join(", ");
    let selected: Vec<_> = (1..=COLUMNS.len())
        .map(|number| format!("column{number}"))
        .collect();
    let selected = selected.join(", ");
    // One more than the columns: the time of writing.
    let written_at = COLUMNS.len() + 1;
    let row = format!("({})", placeholders(written_at));
    let values = vec![row.as_str(); slots].join(", ");
    let updates: Vec<_> = COLUMNS[1..]
        .iter()
        .chain(&["updated_at"])
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let updates = updates.join(", ");
    format!(
        "INSERT INTO idempotency_records ({columns}, created_at, updated_at) \
         SELECT {selected}, column{written_at}, column{written_at} FROM (VALUES {values}) \
         WHERE column1 IS NOT NULL \
         ON CONFLICT (record_id) DO UPDATE SET {updates}"
    )
}

fn delete(slots: usize) -> String {
    let records = placeholders(slots);
    format!("DELETE FROM idempotency_records WHERE record_id IN ({records})")
}

fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}
