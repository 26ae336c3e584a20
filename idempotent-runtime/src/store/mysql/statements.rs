//! The statements on one table, and why each is one atomic step.
//!
//! All but the sweep's find their row by the primary key, and commit by themselves. The time is the server's, whatever
//! the session's time zone; a parameter replaces it in tests. States are the numbers of
//! [`state`](crate::store::columns::state).
//!
//! In an update, the server may or may not let an expression see what was assigned left of it (`sql_mode` decides on
//! MariaDB), so each reads only columns that are assigned later.

use super::arguments::Statement;

/// The columns of a row behind the time, in the order in which rows are read. `body` is a word of the language in
/// MariaDB's `ORACLE` mode.
const COLUMNS: &str = "fingerprint, attempt, state, lease_until, taken_from, \
    expires_at, status, headers, `body`";

/// The server's time in milliseconds since the Unix epoch.
const SERVER_TIME: &str =
    "(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000)";

/// The time that a test gives. A sum, so that the server takes it for a number whatever it is told.
const GIVEN_TIME: &str = "(0 + $0)";

/// Made once for each store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) claim: Statement,
    pub(super) renew: Statement,
    pub(super) publish: Statement,
    pub(super) complete: Statement,
    pub(super) release: Statement,
    pub(super) load: Statement,
    pub(super) forget: Statement,
    pub(super) resolve: Statement,
    pub(super) expired: Statement,
    /// Without its list of records.
    pub(super) remove: RemoveExpired,
}

impl Statements {
    /// For a table by its quoted name. With `given_time`, the time is always the parameter `$0`.
    pub(super) fn new(table: &str, given_time: bool) -> Self {
        let now = if given_time { GIVEN_TIME } else { SERVER_TIME };
        let statement = |text: String| Statement::new(text.replace("{now}", now));
        Self {
            claim: statement(claim(table)),
            renew: statement(format!(
                "UPDATE {table} SET lease_until = {{now}} + $3 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )),
            publish: statement(format!(
                "UPDATE {table} SET status = $3, headers = $4, `body` = $5 \
                 WHERE record = $1 AND attempt = $2 AND state = 0"
            )),
            complete: statement(complete(table)),
            release: statement(format!(
                "UPDATE {table} SET lease_until = NULL, taken_from = NULL, \
                 status = NULL, headers = NULL, `body` = NULL, \
                 expires_at = IF(state = 0, {{now}}, expires_at), state = 1 \
                 WHERE record = $1 AND attempt = $2 AND state IN (0, 1)"
            )),
            load: statement(format!(
                "SELECT {{now}} AS now, {COLUMNS} FROM {table} WHERE record = $1"
            )),
            forget: statement(format!(
                "DELETE FROM {table} WHERE record = $1 AND attempt = $2"
            )),
            resolve: statement(resolve(table)),
            expired: statement(format!(
                "SELECT record FROM {table} WHERE expires_at <= {{now}} ORDER BY expires_at LIMIT $1"
            )),
            remove: RemoveExpired {
                table: table.to_owned(),
                now,
            },
        }
    }
}

/// `$1` record, `$2` fingerprint, `$3` attempt, `$4` lease, `$5` takeover, `$6` from whom. To be sent as text, all of
/// it at once.
///
/// 1. Look, locking nothing: NULL is no row, 1 a row that the claim may have, 2 one that stands in its way. The look
///    only saves work: what it says may be out of date by the next statement.
/// 2. Where there was no row, put one. Whoever was faster stays.
/// 3. Where the row may be had, take it, if that still holds for the row as it is by then, under its lock.
/// 4. Say what stands there. It is this attempt's row, or somebody else's that stands in the way, or neither, where
///    others came between: look again.
///
/// A replay of what is recorded runs the two reads and nothing else. A connection that does not commit by itself writes
/// nothing.
fn claim(table: &str) -> String {
    let won = is_won();
    format!(
        "SELECT IF(@@autocommit, (SELECT IF({won}, 1, 2) FROM {table} WHERE record = $1), 2) \
           INTO @idempotent_look; \
         INSERT INTO {table} (record, fingerprint, attempt, state, lease_until) \
           SELECT $1, $2, $3, 0, {{now}} + $4 FROM DUAL WHERE @idempotent_look IS NULL \
           ON DUPLICATE KEY UPDATE record = record; \
         UPDATE {table} SET \
           taken_from = CASE WHEN state <> 0 THEN NULL WHEN attempt = $3 THEN taken_from ELSE attempt END, \
           expires_at = NULL, lease_until = {{now}} + $4, fingerprint = $2, attempt = $3, \
           status = IF(state = 0, status, NULL), \
           headers = IF(state = 0, headers, NULL), \
           `body` = IF(state = 0, `body`, NULL), \
           state = 0 \
           WHERE record = IF(@idempotent_look = 1, $1, NULL) AND {won}; \
         SELECT {{now}} AS now, {COLUMNS} FROM {table} WHERE record = $1"
    )
}

/// Whether the claim may have the row: what `transition::claim` decides.
fn is_won() -> &'static str {
    "(state = 1 OR (state >= 2 AND expires_at <= {now}) OR \
      (state = 0 AND fingerprint = $2 AND (attempt = $3 OR \
       (lease_until <= {now} AND ($5 = 1 OR ($5 = 2 AND attempt = $6))))))"
}

/// `$1` record, `$2` attempt, `$3` state, `$4` window or null for ever, `$5` to `$7` outcome. A repeated completion finds
/// a done row and leaves it as it is.
fn complete(table: &str) -> String {
    format!(
        "UPDATE {table} SET \
           status = IF(state = 0, $5, status), \
           headers = IF(state = 0, $6, headers), \
           `body` = IF(state = 0, $7, `body`), \
           expires_at = IF(state = 0, {{now}} + $4, expires_at), \
           lease_until = NULL, taken_from = NULL, \
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
           expires_at = IF(state = 0, {{now}} + $5, expires_at), \
           lease_until = NULL, taken_from = NULL, attempt = $3, \
           state = IF(state = 0, $4, state) \
         WHERE record = $1 AND ((attempt = $3 AND state <> 0) OR \
           (attempt = $2 AND state = 0 AND lease_until <= {{now}}))"
    )
}

/// Removes records by their ids, if they still may be.
///
/// Found by the primary key alone, in its order, as claims find them: a walk along the index of expiry would lock rows
/// and gaps in another order, and that is how deadlocks come about.
#[derive(Debug)]
pub(super) struct RemoveExpired {
    table: String,
    now: &'static str,
}

impl RemoveExpired {
    /// With room for so many records, which are `$1` and onwards.
    pub(super) fn of(&self, records: usize) -> Statement {
        let Self { table, now } = self;
        let records: Vec<_> = (1..=records).map(|number| format!("${number}")).collect();
        let records = records.join(", ");
        Statement::new(format!(
            "DELETE r FROM {table} r FORCE INDEX (PRIMARY) \
             WHERE r.record IN ({records}) AND r.expires_at <= {now}"
        ))
    }
}
