//! The layout by days: making the coming days, and dropping those that are over.
//!
//! A day is over once everything in it has expired. [`past`] explains how it is dropped. If a process dies in between,
//! the next sweep goes on with the day. If one day fails, the others are still handled.
//!
//! Only tables with this store's mark are ever dropped. A day that somebody else detached, or is detaching, has the
//! mark of a day but not that of a day that is over, so it is left alone.

mod past;

use sqlx::postgres::PgRow;

use super::statements;
use super::wire::{Failed, Wire};
use crate::store::sql::lane::Lane;
use crate::store::sql::names::Names;

/// How many days ahead partitions exist, and so how many days may pass without a sweep. Every step looks into each of
/// them.
const AHEAD: i32 = 3;

/// The most rows that one statement sweeps from the kept ones, and how many such statements one sweep sends.
const KEPT_AT_ONCE: u32 = 500;
const KEPT_ROUNDS: usize = 100;

/// The comment on a day's table.
pub(super) fn mark(names: &Names) -> String {
    format!("A day of {}, made by idempotent.", names.bare())
}

/// The comment on a day's table that this store is about to detach and drop.
pub(super) fn over(names: &Names) -> String {
    format!(
        "A day of {} that is over; idempotent drops it.",
        names.bare()
    )
}

/// The operations on a table that is partitioned by day. Statements are sent as text, since a pooler may not know
/// prepared ones. They contain nothing but checked names and numbers.
#[derive(Debug)]
pub(super) struct Days<'a> {
    wire: &'a Wire,
    names: &'a Names,
    /// The time, if a test gives it.
    now: Option<i64>,
}

impl<'a> Days<'a> {
    pub(super) fn new(wire: &'a Wire, names: &'a Names) -> Self {
        Self {
            wire,
            names,
            now: wire.given_time(),
        }
    }

    /// Makes the coming days, and drops those whose records have all expired. Each part is tried even if another
    /// fails. An error is returned at the end, unless it is the server's answer about a single day.
    pub(super) async fn rotate(&self) -> Result<(), Failed> {
        let made = self.make(Lane::Claims).await;
        let retired = self.retire_all().await;
        let swept = self.sweep_kept().await;
        made.and(retired).and(swept)
    }

    /// Makes the coming days that don't exist yet. It drops none, because that may have to wait for others.
    pub(super) async fn make(&self, lane: Lane) -> Result<(), Failed> {
        let (function, now) = (self.names.beside("_days"), self.time());
        let text = format!("SELECT FROM {function}({now}, {AHEAD})");
        self.wire.send(lane, text).await.map(drop)
    }

    async fn retire_all(&self) -> Result<(), Failed> {
        let mut retired = Ok(());
        for past in self.past().await? {
            match self.retire(&past).await {
                Ok(()) => {}
                // Either another sweep is handling the same day, or this role isn't allowed to. The log shows the
                // latter.
                Err(Failed::Sent(sqlx::Error::Database(error))) => tracing::warn!(
                    %error, partition = past.name,
                    "an expired idempotency partition could not be removed"
                ),
                Err(error) => retired = retired.and(Err(error)),
            }
        }
        retired
    }

    /// Kept records may have been settled since. They then expire like any others.
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
        self.wire.send(Lane::Claims, text).await
    }

    fn time(&self) -> String {
        self.now
            .map_or_else(|| "NULL::int8".to_owned(), |now| format!("({now})::int8"))
    }

    /// The server's time, unless a test gives another.
    fn server_time(&self) -> String {
        let now = self.time();
        format!("coalesce({now}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8)")
    }
}
