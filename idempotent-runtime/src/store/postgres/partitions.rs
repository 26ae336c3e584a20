//! The layout by days: making the days to come, and dropping those that are over.
//!
//! A day is over once nothing in it is still to expire. [`past`] says how it goes. A process that dies in between leaves
//! the day where the next sweep goes on, and a day that fails leaves the others to be looked at.
//!
//! Only tables that carry a mark of this store are ever dropped. A day that somebody else detached, or is detaching,
//! carries the mark of a day and not that of one that is over: it is left alone.

mod past;

use sqlx::postgres::PgRow;

use super::statements;
use super::wire::{Failed, Wire};
use crate::store::sql::lane::Lane;
use crate::store::sql::names::Names;

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
pub(super) fn over(names: &Names) -> String {
    format!(
        "A day of {} that is over; idempotent drops it.",
        names.bare()
    )
}

/// What is done to a table partitioned by day. Statements are texts, since a pooler may not know of prepared ones, and
/// hold nothing but checked names and numbers.
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

    /// Makes the days to come, and drops those all of whose records have expired. Each part is tried whatever becomes of
    /// the others. An error that is not the server's word on one day is given back at the end.
    pub(super) async fn rotate(&self) -> Result<(), Failed> {
        let made = self.make(Lane::Claims).await;
        let retired = self.retire_all().await;
        let swept = self.sweep_kept().await;
        made.and(retired).and(swept)
    }

    /// Makes the days to come that are not there yet, and drops none, which may have to wait for others.
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
                // Another sweep is at the same day, or this role may not. The latter is for somebody to see.
                Err(Failed::Sent(sqlx::Error::Database(error))) => tracing::warn!(
                    %error, partition = past.name,
                    "an idempotency partition that is over could not be removed"
                ),
                Err(error) => retired = retired.and(Err(error)),
            }
        }
        retired
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
        self.wire.send(Lane::Claims, text).await
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
