//! The statements on one table, and why each is one atomic step.
//!
//! All of them find their rows by an index. The time is the server's, and each statement reads it once. In tests, a
//! parameter replaces it. States are the numbers of [`state`](crate::store::columns::state).
//!
//! An earlier release may still write beside this one. It knows no generation, no label and no count. A running row
//! without `taken_from` is the first of its generation, whatever such a process left in those columns; see
//! [`abandoned`] and `generation` in the claim.

mod claim;

use super::arguments::Statement;
use super::layout::Layout;
use crate::store::sql::names::Names;
use crate::store::sql::protocol::Protocol;
use crate::store::transition::RELEASED_STAYS;

/// The texts, made once for each store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) claim: Statement,
    pub(super) withdraw: Statement,
    pub(super) renew: Statement,
    pub(super) renew_all: Statement,
    pub(super) publish: Statement,
    pub(super) complete: Statement,
    pub(super) release: Statement,
    pub(super) load: Statement,
    pub(super) forget: Statement,
    pub(super) resolve: Statement,
    pub(super) sweep: Statement,
    pub(super) sweep_lapsed: Statement,
    pub(super) list: Statement,
    pub(super) list_running: Statement,
    pub(super) list_expiring: Statement,
}

/// The columns of a row after the time, in the order in which rows are read.
pub(super) const COLUMNS: [&str; 16] = [
    "fingerprint",
    "attempt",
    "state",
    "lease_until",
    "taken_from",
    "expires_at",
    "status",
    "headers",
    "body",
    "namespace",
    "operation",
    "claimed_at",
    "generation",
    "abandoned",
    "keep_abandoned",
    "extra",
];

/// The columns that hold bytes.
const BYTES: [&str; 7] = [
    "fingerprint",
    "attempt",
    "taken_from",
    "headers",
    "body",
    "generation",
    "extra",
];

/// The columns of an outcome, which listings don't read.
const OUTCOME: [&str; 3] = ["status", "headers", "body"];

fn columns() -> String {
    COLUMNS.join(", ")
}

/// A column as it is sent to the client. In answers to a text, a session setting decides how bytes look, so they are
/// written as digits.
fn shown(source: &str, column: &str, protocol: Protocol) -> String {
    match protocol {
        Protocol::Simple if column == "record" || BYTES.contains(&column) => {
            format!("encode({source}.{column}, 'hex') AS {column}")
        }
        _ => format!("{source}.{column}"),
    }
}

/// The columns of a row, as they are sent to the client.
fn all_shown(source: &str, protocol: Protocol) -> String {
    COLUMNS.map(|it| shown(source, it, protocol)).join(", ")
}

/// The columns of a listed row: its id, and all but the outcome.
fn listed(source: &str, protocol: Protocol) -> String {
    let columns = COLUMNS.map(|it| match it {
        "status" => "NULL::int4 AS status".to_owned(),
        it if OUTCOME.contains(&it) => format!("NULL::bytea AS {it}"),
        it => shown(source, it, protocol),
    });
    let record = shown(source, "record", protocol);
    format!("{}, {record}", columns.join(", "))
}

/// The server's time in milliseconds, unless this parameter has another.
fn now(parameter: usize) -> String {
    format!("coalesce(${parameter}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8)")
}

/// How long the mark of a released row stays, in milliseconds.
fn stays() -> u128 {
    RELEASED_STAYS.as_millis()
}

/// Whether a running row was abandoned so long ago that it counts as absent. Never null.
fn has_lapsed(row: &str, now: &str) -> String {
    format!("coalesce({row}.lease_until + {row}.keep_abandoned <= {now}, false)")
}

/// Whether the row counts as absent. Never null, though what is kept for ever has no time.
fn is_free(row: &str, now: &str) -> String {
    let lapsed = has_lapsed(row, now);
    format!(
        "({row}.state = 1 OR ({row}.state >= 2 AND coalesce({row}.expires_at <= {now}, false)) \
         OR ({row}.state = 0 AND {lapsed}))"
    )
}

/// How many attempts of a running row's generation were abandoned before the one that it names.
fn abandoned(row: &str) -> String {
    format!("(CASE WHEN {row}.taken_from IS NULL THEN 0 ELSE {row}.abandoned END)")
}

impl Statements {
    pub(super) fn new(names: &Names, layout: Layout, protocol: Protocol) -> Self {
        let table = &names.table();
        let (claim, withdraw) = match layout {
            Layout::Plain => (claim::claim(table, protocol), claim::withdraw(table)),
            Layout::PartitionedByDay => (
                claim::claim_by_function(&names.beside("_claim_2"), protocol),
                claim::withdraw_by_function(&names.beside("_withdraw")),
            ),
        };
        Self {
            claim: claim.into(),
            withdraw: withdraw.into(),
            renew: format!(
                "UPDATE {table} SET lease_until = {now} + $3 \
                 WHERE record = $1 AND attempt = $2 AND state = 0",
                now = now(4)
            )
            .into(),
            renew_all: renew_all(table, protocol).into(),
            publish: format!(
                "UPDATE {table} SET status = $3, headers = $4, body = $5 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )
            .into(),
            complete: complete(table).into(),
            release: release(table).into(),
            load: format!(
                "SELECT {now} AS now, {shown} FROM {table} r WHERE record = $1",
                now = now(2),
                shown = all_shown("r", protocol),
            )
            .into(),
            forget: format!("DELETE FROM {table} WHERE record = $1 AND attempt = $2").into(),
            resolve: resolve(table).into(),
            sweep: sweep(table).into(),
            sweep_lapsed: sweep_lapsed(table).into(),
            list: list(table, protocol, "").into(),
            list_running: list(table, protocol, "state = 0 AND").into(),
            list_expiring: list_expiring(table, protocol).into(),
        }
    }
}

/// `$1` records, `$2` attempts, `$3` leases, `$4` time. Rows are locked in their order, and those that another step has
/// are left out, so that two of these never wait for one another. What was left out is not renewed and not shown.
fn renew_all(table: &str, protocol: Protocol) -> String {
    format!(
        "WITH asked AS MATERIALIZED ( \
           SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::int8[]) AS a (record, attempt, lease)), \
         held AS MATERIALIZED ( \
           SELECT r.record FROM {table} r WHERE r.record = ANY ($1::bytea[]) AND r.state = 0 \
           ORDER BY r.record FOR UPDATE SKIP LOCKED) \
         UPDATE {table} r SET lease_until = {now} + asked.lease FROM held, asked \
         WHERE r.record = ANY ($1::bytea[]) AND r.record = held.record AND asked.record = held.record \
           AND r.attempt = asked.attempt AND r.state = 0 \
         RETURNING {record}, {attempt}",
        now = now(4),
        record = shown("r", "record", protocol),
        attempt = shown("r", "attempt", protocol),
    )
}

/// `$1` record, `$2` attempt, `$3` state, `$4` window or null for ever, `$5` to `$7` outcome, `$8` time. A repeated
/// completion finds a done row and leaves it as it is.
fn complete(table: &str) -> String {
    // What ends a row also clears how long it is kept once abandoned: a process of the first release that makes the row
    // anew leaves that column as it is, and its record must not lapse.
    let now = now(8);
    format!(
        "UPDATE {table} SET \
           state = CASE WHEN state = 0 THEN $3::int2 ELSE state END, \
           expires_at = CASE WHEN state = 0 THEN {now} + $4 ELSE expires_at END, \
           status = CASE WHEN state = 0 THEN $5::int4 ELSE status END, \
           headers = CASE WHEN state = 0 THEN $6 ELSE headers END, \
           body = CASE WHEN state = 0 THEN $7 ELSE body END, \
           lease_until = NULL, taken_from = NULL, keep_abandoned = NULL \
         WHERE record = $1 AND attempt = $2 AND state <> 1"
    )
}

/// `$1` record, `$2` attempt, `$3` time. A repeated release finds its own mark and leaves it as it is.
fn release(table: &str) -> String {
    format!(
        "UPDATE {table} SET state = 1, lease_until = NULL, taken_from = NULL, keep_abandoned = NULL, \
         expires_at = CASE WHEN state = 0 THEN {now} + {stays} ELSE expires_at END, \
         status = NULL, headers = NULL, body = NULL \
         WHERE record = $1 AND attempt = $2 AND state IN (0, 1)",
        now = now(3),
        stays = stays(),
    )
}

/// `$1` record, `$2` the attempt that was seen, `$3` the one that settles, `$4` state (1 gives the key back), `$5`
/// window, `$6` to `$8` outcome, `$9` time. A repeated settlement finds its own attempt and leaves the row as it is.
fn resolve(table: &str) -> String {
    let (now, stays) = (now(9), stays());
    let abandoned = "attempt = $2 AND state = 0";
    format!(
        "UPDATE {table} SET \
           attempt = $3, \
           state = CASE WHEN {abandoned} THEN $4::int2 ELSE state END, \
           expires_at = CASE WHEN {abandoned} THEN \
             CASE WHEN $4 = 1 THEN {now} + {stays} ELSE {now} + $5 END ELSE expires_at END, \
           status = CASE WHEN {abandoned} THEN $6::int4 ELSE status END, \
           headers = CASE WHEN {abandoned} THEN $7 ELSE headers END, \
           body = CASE WHEN {abandoned} THEN $8 ELSE body END, \
           lease_until = NULL, taken_from = NULL, keep_abandoned = NULL \
         WHERE record = $1 AND ((attempt = $3 AND state <> 0) OR ({abandoned} AND lease_until <= {now}))"
    )
}

/// `$1` limit, `$2` time: done rows that have expired, and marks of released ones. Rows that a step holds are skipped, and
/// each is judged anew once it is locked.
pub(super) fn sweep(table: &str) -> String {
    let now = now(2);
    format!(
        "WITH clock AS MATERIALIZED (SELECT {now} AS now) \
         DELETE FROM {table} WHERE ctid = ANY (ARRAY( \
           SELECT ctid FROM {table} WHERE expires_at <= (SELECT now FROM clock) \
           ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         AND expires_at <= (SELECT now FROM clock)"
    )
}

/// The same for running rows that were abandoned so long ago that they count as absent. There is no index of when that
/// is, which renewals would have to keep up: the index of running rows is walked.
pub(super) fn sweep_lapsed(table: &str) -> String {
    let (time, lapsed) = (now(2), has_lapsed("r", "(SELECT now FROM clock)"));
    format!(
        "WITH clock AS MATERIALIZED (SELECT {time} AS now) \
         DELETE FROM {table} r WHERE r.ctid = ANY (ARRAY( \
           SELECT r.ctid FROM {table} r WHERE r.state = 0 AND {lapsed} \
           LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         AND r.state = 0 AND {lapsed}"
    )
}

/// `$1` the record behind which it begins, `$2` how many rows to look at, `$3` time.
fn list(table: &str, protocol: Protocol, which: &str) -> String {
    format!(
        "SELECT {now} AS now, {listed} FROM {table} r WHERE {which} r.record > $1 \
         ORDER BY r.record LIMIT $2",
        now = now(3),
        listed = listed("r", protocol),
    )
}

/// `$1` the record and `$2` the time of expiry behind which it begins, `$3` how soon, `$4` how many rows to look at, `$5`
/// time.
fn list_expiring(table: &str, protocol: Protocol) -> String {
    let now = now(5);
    format!(
        "WITH clock AS MATERIALIZED (SELECT {now} AS now) \
         SELECT (SELECT now FROM clock) AS now, {listed} FROM {table} r \
         WHERE r.expires_at > (SELECT now FROM clock) AND r.expires_at <= (SELECT now FROM clock) + $3 \
           AND r.expires_at >= $2 AND (r.expires_at > $2 OR r.record > $1) \
         ORDER BY r.expires_at, r.record LIMIT $4",
        listed = listed("r", protocol),
    )
}
