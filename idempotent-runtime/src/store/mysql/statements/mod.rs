//! The statements on one table, and why each is one atomic step.
//!
//! Except in listings and sweeps, they find their rows by the primary key. They commit by themselves. The time is the
//! server's, whatever the session's time zone. In tests, a parameter replaces it. States are the numbers of
//! [`state`](crate::store::columns::state).
//!
//! In an update, the server may or may not let an expression see what was assigned left of it (`sql_mode` decides on
//! MariaDB), so each reads only columns that are assigned later.
//!
//! A process of an earlier release may share the table. It doesn't know the columns from `namespace` on, so it leaves
//! them as they are, even if it makes a record anew. But it does write `taken_from`, which shows what was taken over.
//! So a running row without it is the first of its generation, whatever `generation` says.

mod claim;
mod pages;

pub(super) use self::pages::Many;
use super::arguments::Statement;
use crate::store::sql::names::Names;
use crate::store::transition::RELEASED_STAYS;

/// The columns of a row behind the time, in the order in which rows are read, without its outcome. Texts are read as
/// bytes, so that no session converts them.
const COLUMNS: &str = "fingerprint, attempt, state, lease_until, taken_from, expires_at, \
    CAST(namespace AS BINARY) AS namespace, CAST(operation AS BINARY) AS operation, \
    claimed_at, generation, abandoned, keep_abandoned, extra";

/// `body` is a word of the language in MariaDB's `ORACLE` mode.
const OUTCOME: &str = "status, headers, `body`";

/// The server's time in milliseconds since the Unix epoch.
const SERVER_TIME: &str =
    "(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000)";

/// The time that a test gives. It is a sum, so the server always treats it as a number.
const GIVEN_TIME: &str = "(0 + $0)";

/// When a record that is kept for ever expires. It isn't null: the index of expiry holds the running rows alone under
/// null, and listings and sweeps find them there.
pub(super) const NEVER: i64 = i64::MAX;

/// The first attempt of a row's generation. For rows that don't run, the column has it.
const GENERATION: &str = "IF(state <> 0, generation, \
    IF(taken_from IS NULL, attempt, COALESCE(generation, taken_from)))";

/// Whether a running row was abandoned so long ago that it counts as absent.
const LAPSED: &str = "(state = 0 AND lease_until + keep_abandoned <= {now})";

/// Whether a sweep may remove a row.
const REMOVABLE: &str =
    "(expires_at <= {now} OR (state = 0 AND lease_until + keep_abandoned <= {now}))";

/// Made once for each store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) claim: Statement,
    pub(super) withdraw: Statement,
    pub(super) renew: Statement,
    pub(super) publish: Statement,
    pub(super) complete: Statement,
    pub(super) release: Statement,
    pub(super) load: Statement,
    pub(super) forget: Statement,
    pub(super) resolve: Statement,
    pub(super) expired: Statement,
    pub(super) running: Statement,
    pub(super) list_running: Statement,
    pub(super) list_expiring: Statement,
    pub(super) list_all: Statement,
    /// Those that name many records.
    pub(super) many: Many,
}

impl Statements {
    /// With `given_time`, the time is always the parameter `$0`.
    pub(super) fn new(names: &Names, given_time: bool) -> Self {
        let (table, expiry) = (&names.table(), &format!("`{}_expiry`", names.bare()));
        let now = if given_time { GIVEN_TIME } else { SERVER_TIME };
        let statement = |text: String| Statement::new(text.replace("{now}", now));
        Self {
            claim: statement(claim::claim(table)),
            withdraw: statement(claim::withdraw(table)),
            renew: statement(format!(
                "UPDATE {table} SET lease_until = {{now}} + $3 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )),
            publish: statement(format!(
                "UPDATE {table} SET status = $3, headers = $4, `body` = $5 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )),
            complete: statement(complete(table)),
            release: statement(release(table)),
            load: statement(format!(
                "SELECT {{now}} AS now, {COLUMNS}, {OUTCOME} FROM {table} WHERE record = $1"
            )),
            forget: statement(format!(
                "DELETE FROM {table} WHERE record = $1 AND attempt = $2"
            )),
            resolve: statement(resolve(table)),
            expired: statement(pages::expired(table)),
            running: statement(pages::running(table, expiry)),
            list_running: statement(pages::list_running(table, expiry)),
            list_expiring: statement(pages::list_expiring(table, expiry)),
            list_all: statement(pages::list_all(table)),
            many: Many::new(table, now),
        }
    }
}

/// For how long a mark stays, in milliseconds.
fn stays() -> u128 {
    RELEASED_STAYS.as_millis()
}

/// `$1` record, `$2` attempt. A repeated release finds the mark and leaves it as it is.
fn release(table: &str) -> String {
    let stays = stays();
    format!(
        "UPDATE {table} SET generation = {GENERATION}, \
           lease_until = NULL, taken_from = NULL, keep_abandoned = NULL, \
           status = NULL, headers = NULL, `body` = NULL, \
           expires_at = IF(state = 0, {{now}} + {stays}, expires_at), state = 1 \
         WHERE record = $1 AND attempt = $2 AND state IN (0, 1)"
    )
}

/// `$1` record, `$2` attempt, `$3` state, `$4` window or null for ever, `$5` to `$7` outcome. A repeated completion finds
/// a done row and leaves it as it is.
fn complete(table: &str) -> String {
    format!(
        "UPDATE {table} SET \
           status = IF(state = 0, $5, status), \
           headers = IF(state = 0, $6, headers), \
           `body` = IF(state = 0, $7, `body`), \
           expires_at = IF(state = 0, COALESCE({{now}} + $4, {NEVER}), expires_at), \
           generation = {GENERATION}, \
           lease_until = NULL, taken_from = NULL, keep_abandoned = NULL, \
           state = IF(state = 0, $3, state) \
         WHERE record = $1 AND attempt = $2 AND state <> 1"
    )
}

/// `$1` record, `$2` the attempt that was seen, `$3` the one that settles, `$4` state (1 gives the key back), `$5`
/// window, `$6` to `$8` outcome. A repeated settlement finds its own attempt and leaves the row as it is.
fn resolve(table: &str) -> String {
    format!(
        "UPDATE {table} SET \
           status = IF(state = 0, $6, status), \
           headers = IF(state = 0, $7, headers), \
           `body` = IF(state = 0, $8, `body`), \
           expires_at = IF(state = 0, COALESCE({{now}} + $5, {NEVER}), expires_at), \
           generation = {GENERATION}, \
           lease_until = NULL, taken_from = NULL, keep_abandoned = NULL, attempt = $3, \
           state = IF(state = 0, $4, state) \
         WHERE record = $1 AND ((attempt = $3 AND state <> 0) OR \
           (attempt = $2 AND state = 0 AND lease_until <= {{now}}))"
    )
}
