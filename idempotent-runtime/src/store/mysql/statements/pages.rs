//! Statements that read or change several records.
//!
//! Pages are read without locks, each with a bounded number of rows of one index. The rows show which of them a
//! listing or a sweep wants.

use super::{COLUMNS, REMOVABLE};
use crate::store::mysql::arguments::Statement;

/// `$1` how many. Rows that have expired, the oldest first.
pub(super) fn expired(table: &str) -> String {
    format!("SELECT record FROM {table} WHERE expires_at <= {{now}} ORDER BY expires_at LIMIT $1")
}

/// `$1` how many, `$2` the first id. Of the rows that have no end, in the order of their ids: how far each is, and
/// whether it may be removed.
pub(super) fn running(table: &str, expiry: &str) -> String {
    format!(
        "SELECT record, state, IFNULL({REMOVABLE}, FALSE) AS removable FROM {table} FORCE INDEX ({expiry}) \
         WHERE expires_at IS NULL AND record >= $2 ORDER BY record LIMIT $1"
    )
}

/// `$1` how many, `$2` the first id.
pub(super) fn list_running(table: &str, expiry: &str) -> String {
    format!(
        "SELECT {{now}} AS now, {COLUMNS}, record FROM {table} FORCE INDEX ({expiry}) \
         WHERE expires_at IS NULL AND record >= $2 ORDER BY record LIMIT $1"
    )
}

/// `$1` how many, `$2` the first id among those that expire at `$3`, `$3` the earliest end, `$4` within what time.
pub(super) fn list_expiring(table: &str, expiry: &str) -> String {
    format!(
        "SELECT {{now}} AS now, {COLUMNS}, record FROM {table} FORCE INDEX ({expiry}) \
         WHERE expires_at > {{now}} AND expires_at <= {{now}} + $4 AND expires_at >= $3 \
           AND (expires_at > $3 OR record >= $2) \
         ORDER BY expires_at, record LIMIT $1"
    )
}

/// `$1` how many, `$2` the first id.
pub(super) fn list_all(table: &str) -> String {
    format!(
        "SELECT {{now}} AS now, {COLUMNS}, record FROM {table} FORCE INDEX (PRIMARY) \
         WHERE record >= $2 ORDER BY record LIMIT $1"
    )
}

/// Statements that name records, as many as there are.
///
/// They find them by the primary key alone, in its order, as claims find them: a walk along the index of expiry would
/// lock rows and gaps in another order, and that is how deadlocks come about.
#[derive(Debug)]
pub(in crate::store::mysql) struct Many {
    table: String,
    now: &'static str,
}

impl Many {
    pub(super) fn new(table: &str, now: &'static str) -> Self {
        Self {
            table: table.to_owned(),
            now,
        }
    }

    /// Removes the records `$1` and onwards, if they still may be.
    pub(in crate::store::mysql) fn remove(&self, records: usize) -> Statement {
        let (table, records) = (&self.table, list(records, 1));
        self.statement(&format!(
            "DELETE r FROM {table} r FORCE INDEX (PRIMARY) WHERE r.record IN ({records}) AND {REMOVABLE}"
        ))
    }

    /// Gives the records `$1` and onwards their end in the index, where an earlier release made them done for ever.
    pub(in crate::store::mysql) fn keep_for_ever(&self, records: usize) -> Statement {
        let (table, records, never) = (&self.table, list(records, 1), super::NEVER);
        self.statement(&format!(
            "UPDATE {table} FORCE INDEX (PRIMARY) SET expires_at = {never} \
             WHERE record IN ({records}) AND state >= 2 AND expires_at IS NULL"
        ))
    }

    /// Renews leases: of each three parameters from `$1` on, the record, its attempt and its lease.
    pub(in crate::store::mysql) fn renew(&self, renewals: usize) -> Statement {
        let table = &self.table;
        let each = |text: fn(usize, usize, usize) -> String| {
            let texts = (0..renewals).map(|it| text(3 * it + 1, 3 * it + 2, 3 * it + 3));
            texts.collect::<String>()
        };
        let leases = each(|record, _, lease| format!(" WHEN ${record} THEN ${lease}"));
        let attempts = each(|record, attempt, _| format!(" WHEN ${record} THEN ${attempt}"));
        let records = list(renewals, 3);
        self.statement(&format!(
            "UPDATE {table} FORCE INDEX (PRIMARY) \
             SET lease_until = {{now}} + CASE record{leases} END \
             WHERE record IN ({records}) AND state = 0 AND attempt = CASE record{attempts} END"
        ))
    }

    fn statement(&self, text: &str) -> Statement {
        Statement::new(text.replace("{now}", self.now))
    }
}

/// The parameters from `$1` on, every so many of them.
fn list(length: usize, step: usize) -> String {
    let parameters: Vec<_> = (0..length)
        .map(|it| format!("${}", 1 + it * step))
        .collect();
    parameters.join(", ")
}
