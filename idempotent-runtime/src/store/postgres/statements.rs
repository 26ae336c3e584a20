//! The statements on one table, and why each is one atomic step.
//!
//! All of them find their row by the primary key. The time is the server's, read once in each statement; a parameter
//! replaces it in tests. States are the numbers of [`state`](crate::store::columns::state).

use std::sync::Arc;

use super::options::Layout;

/// The texts, made once for each store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) claim: Arc<str>,
    pub(super) renew: Arc<str>,
    pub(super) publish: Arc<str>,
    pub(super) complete: Arc<str>,
    pub(super) release: Arc<str>,
    pub(super) load: Arc<str>,
    pub(super) forget: Arc<str>,
    pub(super) resolve: Arc<str>,
    pub(super) sweep: Arc<str>,
}

/// The columns of a row after the time, in the order in which rows are read.
pub(super) const COLUMNS: &str = "fingerprint, attempt, state, lease_until, taken_from, \
    expires_at, status, headers, body";

/// The server's time in milliseconds, unless this parameter has another.
fn now(parameter: usize) -> String {
    format!("coalesce(${parameter}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8)")
}

/// Whether the row counts as absent. Never null, though what is kept for ever has no time.
pub(super) fn is_free(row: &str, now: &str) -> String {
    format!(
        "({row}.state = 1 OR ({row}.state >= 2 AND coalesce({row}.expires_at <= {now}, false)))"
    )
}

/// Whether the claim of `$1` to `$7` may have the row: what `transition::claim` decides.
pub(super) fn is_won(row: &str, now: &str) -> String {
    let free = is_free(row, now);
    format!(
        "({free} OR ({row}.state = 0 AND {row}.fingerprint = $2 AND ({row}.attempt = $3 OR \
         ({row}.lease_until <= {now} AND ($5 = 1 OR ($5 = 2 AND {row}.attempt = $6))))))"
    )
}

impl Statements {
    pub(super) fn new(table: &str, claim_function: &str, layout: Layout) -> Self {
        Self {
            claim: match layout {
                Layout::Plain => claim(table),
                Layout::PartitionedByDay => claim_by_function(claim_function),
            }
            .into(),
            renew: format!(
                "UPDATE {table} SET lease_until = {now} + $3 \
                 WHERE record = $1 AND attempt = $2 AND state = 0",
                now = now(4)
            )
            .into(),
            publish: format!(
                "UPDATE {table} SET status = $3, headers = $4, body = $5 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )
            .into(),
            complete: complete(table).into(),
            release: format!(
                "UPDATE {table} SET state = 1, lease_until = NULL, taken_from = NULL, \
                 expires_at = CASE WHEN state = 0 THEN {now} ELSE expires_at END, \
                 status = NULL, headers = NULL, body = NULL \
                 WHERE record = $1 AND attempt = $2 AND state IN (0, 1)",
                now = now(3)
            )
            .into(),
            load: format!(
                "SELECT {now} AS now, {COLUMNS} FROM {table} WHERE record = $1",
                now = now(2)
            )
            .into(),
            forget: format!("DELETE FROM {table} WHERE record = $1 AND attempt = $2").into(),
            resolve: resolve(table).into(),
            sweep: sweep(table).into(),
        }
    }
}

/// `$1` record, `$2` fingerprint, `$3` attempt, `$4` lease, `$5` takeover, `$6` from whom, `$7` time.
///
/// A record that stands in the way is read and nothing else: no lock, no write. Otherwise the upsert decides, on the
/// row as it is by then. Where somebody else was faster, neither part gives a row: look again.
fn claim(table: &str) -> String {
    let by_then = "(excluded.lease_until - $4)";
    let (stands_aside, won, free) = (
        is_won("found", "clock.now"),
        is_won("r", by_then),
        is_free("r", by_then),
    );
    format!(
        "WITH clock AS MATERIALIZED (SELECT {server} AS now), \
         found AS MATERIALIZED (SELECT {COLUMNS} FROM {table} WHERE record = $1), \
         won AS ( \
           INSERT INTO {table} AS r (record, fingerprint, attempt, state, lease_until) \
           SELECT $1, $2, $3, 0, clock.now + $4 FROM clock \
           WHERE NOT EXISTS (SELECT FROM found WHERE NOT {stands_aside}) \
           ON CONFLICT (record) DO UPDATE SET \
             fingerprint = excluded.fingerprint, \
             attempt = excluded.attempt, \
             state = 0, \
             lease_until = excluded.lease_until, \
             taken_from = CASE WHEN {free} THEN NULL WHEN r.attempt = $3 THEN r.taken_from ELSE r.attempt END, \
             expires_at = NULL, \
             status = CASE WHEN {free} THEN NULL ELSE r.status END, \
             headers = CASE WHEN {free} THEN NULL ELSE r.headers END, \
             body = CASE WHEN {free} THEN NULL ELSE r.body END \
           WHERE {won} \
           RETURNING {COLUMNS} \
         ) \
         SELECT clock.now, won.* FROM clock, won \
         UNION ALL \
         SELECT clock.now, found.* FROM clock, found \
         WHERE NOT EXISTS (SELECT FROM won) AND NOT {stands_aside}",
        server = now(7),
    )
}

fn claim_by_function(function: &str) -> String {
    format!("SELECT now, {COLUMNS} FROM {function}($1, $2, $3, $4, $5, $6, $7)")
}

/// `$1` record, `$2` attempt, `$3` state, `$4` window or null for ever, `$5` to `$7` outcome, `$8` time. A repeated
/// completion finds a done row and leaves it as it is.
fn complete(table: &str) -> String {
    let now = now(8);
    format!(
        "UPDATE {table} SET \
           state = CASE WHEN state = 0 THEN $3::int2 ELSE state END, \
           expires_at = CASE WHEN state = 0 THEN {now} + $4 ELSE expires_at END, \
           status = CASE WHEN state = 0 THEN $5::int4 ELSE status END, \
           headers = CASE WHEN state = 0 THEN $6 ELSE headers END, \
           body = CASE WHEN state = 0 THEN $7 ELSE body END, \
           lease_until = NULL, taken_from = NULL \
         WHERE record = $1 AND attempt = $2 AND state <> 1"
    )
}

/// `$1` record, `$2` the attempt that was seen, `$3` the one that settles, `$4` state (1 gives the key back), `$5`
/// window, `$6` to `$8` outcome, `$9` time. A repeated settlement finds its own attempt and leaves the row as it is.
fn resolve(table: &str) -> String {
    let now = now(9);
    let abandoned = "attempt = $2 AND state = 0";
    format!(
        "UPDATE {table} SET \
           attempt = $3, \
           state = CASE WHEN {abandoned} THEN $4::int2 ELSE state END, \
           expires_at = CASE WHEN {abandoned} THEN \
             CASE WHEN $4 = 1 THEN {now} ELSE {now} + $5 END ELSE expires_at END, \
           status = CASE WHEN {abandoned} THEN $6::int4 ELSE status END, \
           headers = CASE WHEN {abandoned} THEN $7 ELSE headers END, \
           body = CASE WHEN {abandoned} THEN $8 ELSE body END, \
           lease_until = NULL, taken_from = NULL \
         WHERE record = $1 AND ((attempt = $3 AND state <> 0) OR ({abandoned} AND lease_until <= {now}))"
    )
}

/// `$1` limit, `$2` time. Rows that a step holds are skipped, and each is judged anew once it is locked.
fn sweep(table: &str) -> String {
    let now = now(2);
    format!(
        "WITH clock AS MATERIALIZED (SELECT {now} AS now) \
         DELETE FROM {table} WHERE ctid = ANY (ARRAY( \
           SELECT ctid FROM {table} WHERE expires_at <= (SELECT now FROM clock) \
           ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         AND expires_at <= (SELECT now FROM clock)"
    )
}
