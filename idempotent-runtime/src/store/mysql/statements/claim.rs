//! Claiming a record, and taking a claim back.
//!
//! Both are several statements in one text, to be sent all at once. The parameters are `$1` record, `$2` fingerprint, `$3`
//! attempt, `$4` lease, `$5` takeover (0 never, 1 any, 2 from an attempt, 3 up to a number), `$6` from whom, `$7` up to how
//! many, `$8` for how long an abandoned record is kept, `$9` the same for the first attempt, `$10` namespace, `$11`
//! operation.
//!
//! Labels are sent as bytes in hexadecimal digits, which can't leave their quotes. The server reads them as UTF-8,
//! whatever the session's character set.

use super::{COLUMNS, LAPSED, OUTCOME, stays};

const NAMESPACE: &str = "CONVERT($10 USING utf8mb4)";
const OPERATION: &str = "CONVERT($11 USING utf8mb4)";

/// How many attempts of a running row's generation were abandoned before its own.
const ABANDONED: &str = "IF(taken_from IS NULL, 0, abandoned)";

/// The largest possible count.
const MOST: u32 = u32::MAX;

/// 1. Look, locking nothing: NULL is no row, 1 a row that counts as absent, 0 one that the claim holds or takes over, 2
///    one that stands in its way. The look only saves work: what it says may be out of date by the next statement.
/// 2. Where there was no row, put one. Whoever was faster stays.
/// 3. Where the row counts as absent, make it anew; where it may be had otherwise, take it: if that still holds for the row
///    as it is by then, under its lock.
/// 4. Say what stands there. It is this attempt's row, or somebody else's that stands in the way, or neither, where
///    others came between: look again.
///
/// A replay of what is recorded runs the two reads and nothing else. A connection that does not commit by itself writes
/// nothing.
pub(super) fn claim(table: &str) -> String {
    let (absent, takes) = (is_absent(), is_taken());
    let anew = "@idempotent_look";
    format!(
        "SELECT IF(@@autocommit, \
             (SELECT CASE WHEN {absent} THEN 1 WHEN {takes} THEN 0 ELSE 2 END FROM {table} WHERE record = $1), 2) \
           INTO @idempotent_look; \
         INSERT INTO {table} (record, fingerprint, attempt, state, lease_until, \
             namespace, operation, claimed_at, generation, abandoned, keep_abandoned) \
           SELECT $1, $2, $3, 0, {{now}} + $4, {NAMESPACE}, {OPERATION}, {{now}}, $3, 0, $9 \
           FROM DUAL WHERE @idempotent_look IS NULL \
           ON DUPLICATE KEY UPDATE record = record; \
         UPDATE {table} SET \
           extra = IF({anew}, NULL, IF(taken_from IS NULL AND generation <> attempt, NULL, extra)), \
           generation = IF({anew}, $3, IF(taken_from IS NULL, attempt, COALESCE(generation, taken_from))), \
           keep_abandoned = IF({anew}, $9, IF(attempt = $3, keep_abandoned, \
             IF($5 = 3 AND {ABANDONED} + 2 >= $7, NULL, $8))), \
           abandoned = IF({anew}, 0, IF(attempt = $3, {ABANDONED}, LEAST({ABANDONED} + 1, {MOST}))), \
           taken_from = IF({anew}, NULL, IF(attempt = $3, taken_from, attempt)), \
           namespace = IF({anew}, {NAMESPACE}, namespace), \
           operation = IF({anew}, {OPERATION}, operation), \
           claimed_at = IF({anew}, {{now}}, claimed_at), \
           status = IF({anew}, NULL, status), \
           headers = IF({anew}, NULL, headers), \
           `body` = IF({anew}, NULL, `body`), \
           fingerprint = $2, attempt = $3, state = 0, lease_until = {{now}} + $4, expires_at = NULL \
           WHERE record = IF(@idempotent_look < 2, $1, NULL) \
             AND IF({anew}, {absent}, {takes} AND NOT IFNULL({LAPSED}, FALSE)); \
         SELECT {{now}} AS now, {COLUMNS}, {OUTCOME} FROM {table} WHERE record = $1"
    )
}

/// Whether the row counts as absent, and this attempt did not give it back.
fn is_absent() -> String {
    format!("((state = 1 AND attempt <> $3) OR (state >= 2 AND expires_at <= {{now}}) OR {LAPSED})")
}

/// Whether the attempt holds the row or takes it over, where it does not count as absent.
fn is_taken() -> String {
    format!(
        "(state = 0 AND fingerprint = $2 AND (attempt = $3 OR (lease_until <= {{now}} AND \
          ($5 = 1 OR ($5 = 2 AND attempt = $6) OR ($5 = 3 AND {ABANDONED} + 1 < $7)))))"
    )
}

/// 1. Look, locking nothing: NULL is no row, 1 another attempt's row that counts as absent, 2 a row that the attempt
///    holds, 3 anything else.
/// 2. Where there was no row, put the attempt's mark.
/// 3. Where the row counts as absent, make it the mark.
/// 4. Where the attempt holds the row, give it back; where it took it over, end its lease and count one less.
/// 5. Say what stands there, which says what to answer; or that others came between, and to look again.
pub(super) fn withdraw(table: &str) -> String {
    let stays = stays();
    let absent = format!(
        "(attempt <> $3 AND (state = 1 OR (state >= 2 AND expires_at <= {{now}}) OR {LAPSED}))"
    );
    let held = "(attempt = $3 AND state = 0 AND (taken_from IS NULL OR lease_until > {now}))";
    let less = "(GREATEST(abandoned, 1) - 1)";
    format!(
        "SELECT IF(@@autocommit, \
             (SELECT CASE WHEN {absent} THEN 1 WHEN {held} THEN 2 ELSE 3 END FROM {table} WHERE record = $1), 3) \
           INTO @idempotent_look; \
         INSERT INTO {table} (record, fingerprint, attempt, state, expires_at, \
             namespace, operation, claimed_at, generation, abandoned) \
           SELECT $1, $2, $3, 1, {{now}} + {stays}, {NAMESPACE}, {OPERATION}, {{now}}, $3, 0 \
           FROM DUAL WHERE @idempotent_look IS NULL \
           ON DUPLICATE KEY UPDATE record = record; \
         UPDATE {table} SET \
           fingerprint = $2, attempt = $3, state = 1, expires_at = {{now}} + {stays}, \
           namespace = {NAMESPACE}, operation = {OPERATION}, claimed_at = {{now}}, \
           generation = $3, abandoned = 0, keep_abandoned = NULL, extra = NULL, \
           taken_from = NULL, lease_until = NULL, status = NULL, headers = NULL, `body` = NULL \
           WHERE record = IF(@idempotent_look = 1, $1, NULL) AND {absent}; \
         UPDATE {table} SET \
           generation = IF(taken_from IS NULL, attempt, generation), \
           keep_abandoned = IF(taken_from IS NULL, NULL, \
             IF($5 = 3 AND {less} + 1 >= $7, NULL, $8)), \
           abandoned = IF(taken_from IS NULL, 0, {less}), \
           expires_at = IF(taken_from IS NULL, {{now}} + {stays}, NULL), \
           lease_until = IF(taken_from IS NULL, NULL, {{now}}), \
           status = IF(taken_from IS NULL, NULL, status), \
           headers = IF(taken_from IS NULL, NULL, headers), \
           `body` = IF(taken_from IS NULL, NULL, `body`), \
           state = IF(taken_from IS NULL, 1, 0) \
           WHERE record = IF(@idempotent_look = 2, $1, NULL) AND {held}; \
         SELECT {{now}} AS now, {COLUMNS}, {OUTCOME} FROM {table} WHERE record = $1"
    )
}
