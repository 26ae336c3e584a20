//! The layout by days: making the days to come, and dropping those that are over.
//!
//! A day is over once nothing in it is still to expire. First, what has no end (running records, outcomes that are kept
//! for ever) moves to a partition of its own; from then on no row of the day changes but to be deleted, since a claim
//! makes its row in the day on which it is made. Only then is it asked whether something is still to expire. Then the day
//! is marked as over, detached, looked through once more, and dropped. A process that dies in between leaves the day
//! where the next sweep goes on.
//!
//! Only tables that carry a mark of this store are ever dropped. A day that somebody else detached carries the mark of a
//! day and not that of one that is over: it is left alone.

use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _};

use super::options::Names;
use super::statements::{self, COLUMNS};
use super::steps::{Failed, send};
use crate::store::pooled::{Lane, Pooled};

/// How many days ahead there are partitions: so many days may pass without a sweep. Each is looked into by every step.
const AHEAD: i32 = 3;

/// The most rows that one statement sweeps out of what was kept, and how many such statements one sweep sends.
const KEPT_AT_ONCE: u32 = 500;
const KEPT_ROUNDS: usize = 100;

/// The comment on a day's table.
pub(super) fn mark(names: &Names) -> String {
    format!("A day of {}, made by idempotent.", names.bare())
}

/// The comment on a day's table that this store is about to detach and drop.
fn over(names: &Names) -> String {
    format!(
        "A day of {} that is over; idempotent drops it.",
        names.bare()
    )
}

/// What is done to a table partitioned by day. Statements are texts, since a pooler may not know of prepared ones, and
/// hold nothing but checked names and numbers.
#[derive(Debug)]
pub(super) struct Days<'a> {
    pooled: &'a Pooled<Postgres>,
    names: &'a Names,
    /// Another time than the server's.
    now: Option<i64>,
}

/// The partition of a day that has passed, yesterday apart.
struct Past {
    name: String,
    stage: Stage,
}

/// How far it is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Attached,
    Detaching,
    Detached,
}

impl<'a> Days<'a> {
    pub(super) fn new(pooled: &'a Pooled<Postgres>, names: &'a Names, now: Option<i64>) -> Self {
        Self { pooled, names, now }
    }

    /// Makes the days to come, and drops those all of whose records have expired.
    pub(super) async fn turn(&self) -> Result<(), Failed> {
        self.make().await?;
        for past in self.past().await? {
            self.retire(&past).await?;
        }
        self.sweep_kept().await
    }

    /// Makes the days to come that are not there yet, and drops none, which may have to wait for others.
    pub(super) async fn make(&self) -> Result<(), Failed> {
        let (function, now) = (self.names.beside("_days"), self.time());
        self.send(format!("SELECT FROM {function}({now}, {AHEAD})"))
            .await
            .map(drop)
    }

    /// The days that have passed and are this store's to drop: those before yesterday, since a claim that began before
    /// midnight may still write into yesterday's.
    async fn past(&self) -> Result<Vec<Past>, Failed> {
        let (table, bare, now) = (self.names.table(), self.names.bare(), self.server_time());
        let (mark, over) = (mark(self.names), over(self.names));
        let rows = self
            .send(format!(
                "SELECT c.relname::text, \
                   CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'detaching' \
                     ELSE 'attached' END \
                 FROM pg_class c \
                 JOIN pg_class t ON t.oid = to_regclass('{table}') AND t.relnamespace = c.relnamespace \
                 LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = t.oid \
                 WHERE c.relkind = 'r' AND c.relname ~ '^{bare}_[0-9]{{4,}}_[0-9]{{2}}_[0-9]{{2}}$' \
                   AND c.relname::text COLLATE \"C\" < '{bare}_' || to_char(to_timestamp( \
                     (({now} / 86400000 - 1) * 86400)::float8) AT TIME ZONE 'UTC', 'YYYY_MM_DD') \
                   AND (obj_description(c.oid, 'pg_class') = '{over}' \
                     OR (i.inhrelid IS NOT NULL AND obj_description(c.oid, 'pg_class') = '{mark}')) \
                 ORDER BY 1"
            ))
            .await?;
        let past: Result<_, sqlx::Error> = rows.iter().map(past).collect();
        past.map_err(Failed::Sent)
    }

    /// Goes on where the day is, to its end or until something is still to expire.
    async fn retire(&self, past: &Past) -> Result<(), Failed> {
        let name = &past.name;
        match past.stage {
            Stage::Attached => {
                self.keep_what_has_no_end(name).await?;
                if !self.has_expired(name).await? {
                    return Ok(());
                }
                self.mark_as_over(name).await?;
                if !self.detach(name, "CONCURRENTLY").await? {
                    return Ok(());
                }
            }
            Stage::Detaching => {
                if !self.detach(name, "FINALIZE").await? {
                    return Ok(());
                }
            }
            Stage::Detached => {}
        }
        self.drop(name).await
    }

    /// Moves what would keep the day for ever. A step that meets a row on its way fails and is sent again. A row that is
    /// just being completed is waited for, and stays.
    async fn keep_what_has_no_end(&self, name: &str) -> Result<(), Failed> {
        // The name ends with the date, by which PostgreSQL leaves the other days alone.
        let date = name
            .get(name.len().saturating_sub(10)..)
            .unwrap_or_default();
        let (table, date) = (self.names.table(), date.replace('_', "-"));
        self.send(format!(
            "UPDATE {table} SET day = -1 \
             WHERE day = '{date}'::date - '1970-01-01'::date AND expires_at IS NULL"
        ))
        .await
        .map(drop)
    }

    /// Whether nothing of the day is still to expire. Asked once everything in it has an end, for good.
    async fn has_expired(&self, name: &str) -> Result<bool, Failed> {
        let (part, now) = (self.names.sibling(name), self.server_time());
        let rows = self
            .send(format!(
                "SELECT NOT EXISTS (SELECT FROM {part} WHERE expires_at > {now}) \
                 AND NOT EXISTS (SELECT FROM {part} WHERE expires_at IS NULL)"
            ))
            .await?;
        let has_expired = rows.first().map_or(Ok(false), |row| row.try_get(0));
        has_expired.map_err(Failed::Sent)
    }

    async fn mark_as_over(&self, name: &str) -> Result<(), Failed> {
        let (part, over) = (self.names.sibling(name), over(self.names));
        self.send(format!("COMMENT ON TABLE {part} IS '{over}'"))
            .await
            .map(drop)
    }

    /// Waits for statements that use the day, and keeps none waiting. `false`: another process was faster, or is at it.
    async fn detach(&self, name: &str, how: &str) -> Result<bool, Failed> {
        let (table, part) = (self.names.table(), self.names.sibling(name));
        let detach = format!("ALTER TABLE {table} DETACH PARTITION {part} {how}");
        self.attempt(name, detach).await
    }

    /// Drops a table that is detached already. What should have kept it from going, whoever wrote it there, is moved back
    /// first, unless its record is there again.
    async fn drop(&self, name: &str) -> Result<(), Failed> {
        let (table, part, now) = (
            self.names.table(),
            self.names.sibling(name),
            self.server_time(),
        );
        let columns = COLUMNS.join(", ");
        // Texts that are sent together are one transaction.
        let drop = format!(
            "SET LOCAL lock_timeout = '5s'; \
             LOCK TABLE {part} IN ACCESS EXCLUSIVE MODE; \
             INSERT INTO {table} (record, day, {columns}) \
               SELECT record, -1, {columns} FROM {part} p \
               WHERE coalesce(p.expires_at > {now}, true) \
                 AND NOT EXISTS (SELECT FROM {table} r WHERE r.record = p.record); \
             DROP TABLE {part}"
        );
        self.attempt(name, drop).await.map(|_| ())
    }

    /// Does what others may be doing at the same time. `false`: they are, or this role may not, which is for somebody to
    /// see.
    async fn attempt(&self, name: &str, text: String) -> Result<bool, Failed> {
        match self.send(text).await {
            Ok(_) => Ok(true),
            Err(Failed::Sent(sqlx::Error::Database(error))) => {
                tracing::warn!(%error, partition = name, "an idempotency partition that is over could not be removed");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// What was kept may have been settled since, and expires then as everything does.
    async fn sweep_kept(&self) -> Result<(), Failed> {
        let kept = self.names.beside("_kept");
        let time = self.time();
        for sweep in [statements::sweep(&kept), statements::sweep_lapsed(&kept)] {
            let sweep = sweep
                .replace("$1", &KEPT_AT_ONCE.to_string())
                .replace("$2", &time);
            for _ in 0..KEPT_ROUNDS {
                let removed = self.send(format!("{sweep} RETURNING 1")).await?;
                if removed.len() < KEPT_AT_ONCE as usize {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn send(&self, text: String) -> Result<Vec<PgRow>, Failed> {
        send(self.pooled, Lane::Claims, text).await
    }

    fn time(&self) -> String {
        self.now
            .map_or_else(|| "NULL::int8".to_owned(), |now| format!("({now})::int8"))
    }

    /// The server's time, unless there is another.
    fn server_time(&self) -> String {
        let now = self.time();
        format!("coalesce({now}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8)")
    }
}

fn past(row: &PgRow) -> Result<Past, sqlx::Error> {
    Ok(Past {
        name: row.try_get(0)?,
        stage: match row.try_get::<&str, _>(1)? {
            "detached" => Stage::Detached,
            "detaching" => Stage::Detaching,
            _ => Stage::Attached,
        },
    })
}
