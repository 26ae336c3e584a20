//! How a day that has passed is dropped.
//!
//! First, rows without an end (running records, and outcomes that are kept for ever) move to a partition of their own.
//! From then on, rows of the day only change by being deleted, since a claim puts its row into the current day. Only
//! then does it make sense to ask whether everything has expired. If so, the day is marked as over, detached, checked
//! once more, and dropped.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tokio::time::timeout;

use super::{Days, mark, over};
use crate::store::postgres::statements::COLUMNS;
use crate::store::postgres::wire::Failed;

/// The most rows that one statement moves, and how many such statements one sweep sends for a day.
const MOVED_AT_ONCE: usize = 500;
const MOVES: usize = 100;

/// How long detaching a day may wait for the transactions that use it. The next sweep goes on.
const DETACHED_WITHIN: Duration = Duration::from_secs(10);

/// The partition of a day before yesterday. Names are written as in statements, with their schema.
pub(super) struct PastDay {
    pub(super) name: String,
    table: String,
    date: String,
    stage: Stage,
    /// Version 1 had begun to detach it, so migration 2 could add no columns to it.
    lacks_columns: bool,
}

/// How far its removal has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Attached,
    Detaching,
    Detached,
}

impl PastDay {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.try_get(0)?,
            table: row.try_get(1)?,
            date: row.try_get(2)?,
            stage: match row.try_get::<&str, _>(3)? {
                "detached" => Stage::Detached,
                "detaching" => Stage::Detaching,
                _ => Stage::Attached,
            },
            lacks_columns: row.try_get(4)?,
        })
    }
}

impl Days<'_> {
    /// The days that this store may drop. They are before yesterday, since a claim that began before midnight may
    /// still write into yesterday's partition.
    pub(super) async fn past(&self) -> Result<Vec<PastDay>, Failed> {
        let (table, bare, now) = (self.names.table(), self.names.bare(), self.server_time());
        let (mark, over) = (mark(self.names), over(self.names));
        let rows = self
            .send(format!(
                "SELECT format('%I.%I', n.nspname, c.relname), format('%I.%I', n.nspname, t.relname), \
                   replace(right(c.relname, 10), '_', '-'), \
                   CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'detaching' \
                     ELSE 'attached' END, \
                   NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'extra') \
                 FROM pg_class c \
                 JOIN pg_class t ON t.oid = to_regclass('{table}') AND t.relnamespace = c.relnamespace \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = t.oid \
                 WHERE c.relkind = 'r' AND c.relname ~ '^{bare}_[0-9]{{4,}}_[0-9]{{2}}_[0-9]{{2}}$' \
                   AND c.relname::text COLLATE \"C\" < '{bare}_' || to_char(to_timestamp( \
                     (({now} / 86400000 - 1) * 86400)::float8) AT TIME ZONE 'UTC', 'YYYY_MM_DD') \
                   AND (obj_description(c.oid, 'pg_class') = '{over}' \
                     OR (NOT i.inhdetachpending AND obj_description(c.oid, 'pg_class') = '{mark}')) \
                 ORDER BY 1"
            ))
            .await?;
        let past: Result<_, sqlx::Error> = rows.iter().map(PastDay::read).collect();
        past.map_err(Failed::Sent)
    }

    /// Goes on with the day's removal, until it is dropped or something in it has yet to expire.
    pub(super) async fn retire(&self, past: &PastDay) -> Result<(), Failed> {
        match past.stage {
            Stage::Attached => {
                self.keep_what_has_no_end(past).await?;
                if !self.has_expired(past).await? {
                    return Ok(());
                }
                self.mark_as_over(past).await?;
                self.detach(past, "CONCURRENTLY").await?;
            }
            Stage::Detaching => self.detach(past, "FINALIZE").await?,
            Stage::Detached => {}
        }
        self.drop(past).await
    }

    /// Moves the rows that would keep the day for ever, a few at a time in the order of their ids. A step that meets a
    /// row while it moves fails and is sent again. A row that is just being completed is waited for, and stays.
    async fn keep_what_has_no_end(&self, past: &PastDay) -> Result<(), Failed> {
        let PastDay { table, date, .. } = past;
        let mut last = String::new();
        for _ in 0..MOVES {
            // By the day, PostgreSQL leaves the other partitions alone.
            let of_day = format!("day = '{date}'::date - '1970-01-01'::date");
            let moved = self
                .send(format!(
                    "UPDATE {table} SET day = -1 WHERE {of_day} AND expires_at IS NULL AND record = ANY (ARRAY( \
                       SELECT record FROM {table} WHERE {of_day} AND record > decode('{last}', 'hex') \
                         AND expires_at IS NULL ORDER BY record LIMIT {MOVED_AT_ONCE} FOR UPDATE)) \
                     RETURNING encode(record, 'hex')"
                ))
                .await?;
            for row in &moved {
                last = last.max(row.try_get(0).map_err(Failed::Sent)?);
            }
            if moved.len() < MOVED_AT_ONCE {
                break;
            }
        }
        Ok(())
    }

    /// Whether everything in the day has expired. It is asked once every row in it has an end.
    async fn has_expired(&self, past: &PastDay) -> Result<bool, Failed> {
        let (part, now) = (&past.name, self.server_time());
        let rows = self
            .send(format!(
                "SELECT NOT EXISTS (SELECT FROM {part} WHERE expires_at > {now}) \
                 AND NOT EXISTS (SELECT FROM {part} WHERE expires_at IS NULL)"
            ))
            .await?;
        let has_expired = rows.first().map_or(Ok(false), |row| row.try_get(0));
        has_expired.map_err(Failed::Sent)
    }

    /// Fails if somebody else has begun to detach the day since it was found, because they want to keep it. The lock
    /// prevents them from beginning in between.
    async fn mark_as_over(&self, past: &PastDay) -> Result<(), Failed> {
        let (part, over) = (&past.name, over(self.names));
        let literal = literal(part);
        // Statements that are sent in one text are one transaction.
        self.send(format!(
            "SET LOCAL lock_timeout = '5s'; \
             LOCK TABLE {part} IN SHARE UPDATE EXCLUSIVE MODE; \
             DO $$ BEGIN \
               IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = {literal}::regclass AND NOT inhdetachpending) \
               THEN RAISE 'somebody else detaches this day'; END IF; \
             END $$; \
             COMMENT ON TABLE {part} IS '{over}'"
        ))
        .await
        .map(drop)
    }

    /// Waits for transactions that use the day, but makes none of them wait. It can't be in a transaction, so no
    /// setting limits how long it waits. A statement that has waited for too long, of this process or of one that
    /// died, is found by its text and cancelled: behind a pooler, it may be on any connection.
    async fn detach(&self, past: &PastDay, how: &str) -> Result<(), Failed> {
        let detach = format!(
            "ALTER TABLE {} DETACH PARTITION {} {how}",
            past.table, past.name
        );
        let sent = self.send(detach.clone());
        tokio::pin!(sent);
        if let Ok(answer) = timeout(DETACHED_WITHIN, &mut sent).await {
            return answer.map(drop);
        }
        // It reached the server somewhat later than it was sent.
        let (half, detach) = (DETACHED_WITHIN.as_secs() / 2, literal(&detach));
        self.send(format!(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
             WHERE query = {detach} AND state = 'active' AND usename = current_user \
               AND query_start < clock_timestamp() - interval '{half} seconds'"
        ))
        .await?;
        sent.await.map(drop)
    }

    /// Drops a table that is already detached. Rows that should have prevented that, whoever wrote them, are moved
    /// back first, unless their record exists again.
    async fn drop(&self, past: &PastDay) -> Result<(), Failed> {
        if past.lacks_columns {
            self.add_columns(past).await?;
        }
        for _ in 0..MOVES {
            if !self.move_back(past).await? {
                return self.drop_empty(past).await;
            }
        }
        Ok(())
    }

    /// Adds the columns of migration 2, which couldn't be added while the day was being detached.
    async fn add_columns(&self, past: &PastDay) -> Result<(), Failed> {
        self.send(format!(
            "SET LOCAL lock_timeout = '5s'; \
             ALTER TABLE {} \
               ADD COLUMN namespace text NOT NULL DEFAULT '', ADD COLUMN operation text NOT NULL DEFAULT '', \
               ADD COLUMN claimed_at bigint, ADD COLUMN generation bytea, \
               ADD COLUMN abandoned integer NOT NULL DEFAULT 0, ADD COLUMN keep_abandoned bigint, \
               ADD COLUMN extra bytea",
            past.name
        ))
        .await
        .map(drop)
    }

    /// Checks once more, under the same lock under which it drops.
    async fn drop_empty(&self, past: &PastDay) -> Result<(), Failed> {
        let (part, now) = (&past.name, self.server_time());
        self.send(format!(
            "SET LOCAL lock_timeout = '5s'; \
             LOCK TABLE {part} IN ACCESS EXCLUSIVE MODE; \
             DO $$ BEGIN \
               IF EXISTS (SELECT FROM {part} WHERE coalesce(expires_at > {now}, true)) \
               THEN RAISE 'somebody else writes into this day'; END IF; \
             END $$; \
             DROP TABLE {part}"
        ))
        .await
        .map(drop)
    }

    /// Moves some rows back, and returns whether there may be more. A claim makes a record under the record's lock, so
    /// this takes that lock too. Otherwise both would see no record and make one each.
    async fn move_back(&self, past: &PastDay) -> Result<bool, Failed> {
        let PastDay { name, table, .. } = past;
        let (columns, now) = (COLUMNS.join(", "), self.server_time());
        let some = format!(
            "SELECT record FROM {name} WHERE coalesce(expires_at > {now}, true) ORDER BY record LIMIT {MOVED_AT_ONCE}"
        );
        let rows = self
            .send(format!(
                "SET LOCAL lock_timeout = '5s'; \
                 LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE; \
                 SELECT pg_advisory_xact_lock(('x' || encode(substring(record FOR 8), 'hex'))::bit(64)::bigint)::text \
                   FROM ({some}) p; \
                 WITH back AS (DELETE FROM {name} WHERE record = ANY (ARRAY({some})) RETURNING *) \
                   INSERT INTO {table} (record, day, {columns}) SELECT record, -1, {columns} FROM back b \
                   WHERE NOT EXISTS (SELECT FROM {table} r WHERE r.record = b.record); \
                 SELECT EXISTS ({some})"
            ))
            .await?;
        let is_more = rows.last().map_or(Ok(false), |row| row.try_get(0));
        is_more.map_err(Failed::Sent)
    }
}

/// A text as an SQL string.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
