//! The layout by days: making the days to come, and dropping those that are over.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::options::{Names, Pool};

/// How many days ahead there are partitions: so many days may pass without a sweep. Each is looked into by every step.
const AHEAD: i32 = 3;

/// What is done to a table partitioned by day. Statements are texts, since a pooler may not know of prepared ones, and
/// hold nothing but checked names and numbers.
#[derive(Debug)]
pub(super) struct Days {
    names: Names,
}

/// A partition of a day that has passed.
struct Past {
    name: String,
    is_detaching: bool,
}

impl Days {
    pub(super) fn new(names: &Names) -> Self {
        Self {
            names: names.clone(),
        }
    }

    /// Makes the days to come, and drops those all of whose records have expired. `now`: another time than the server's.
    pub(super) async fn turn(&self, pool: &Pool, now: Option<i64>) -> Result<(), sqlx::Error> {
        for past in self.make(pool, now).await? {
            if past.is_detaching || self.is_over(pool, &past.name, now).await? {
                self.drop(pool, &past).await?;
            }
        }
        Ok(())
    }

    /// Makes the days to come, and says which have passed.
    async fn make(&self, pool: &Pool, now: Option<i64>) -> Result<Vec<Past>, sqlx::Error> {
        let (function, now) = (self.names.beside("_days"), time(now));
        let rows = sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT past, is_detaching FROM {function}({now}, {AHEAD})"
        )))
        .fetch_all(pool)
        .await?;
        rows.iter().map(past).collect()
    }

    /// Whether nothing of the day counts any more. Expired and released rows never come back to life: a claim of theirs
    /// makes a row of its own day.
    async fn is_over(
        &self,
        pool: &Pool,
        name: &str,
        now: Option<i64>,
    ) -> Result<bool, sqlx::Error> {
        let (part, now) = (self.names.sibling(name), time(now));
        let row = sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT NOT EXISTS (SELECT FROM {part} WHERE expires_at IS NULL OR expires_at > \
             coalesce({now}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8))"
        )))
        .fetch_one(pool)
        .await?;
        row.try_get(0)
    }

    /// Detaching waits for statements that use the day, and keeps none waiting. Where it was interrupted, it is finished.
    async fn drop(&self, pool: &Pool, past: &Past) -> Result<(), sqlx::Error> {
        let (table, part) = (self.names.table(), self.names.sibling(&past.name));
        let how = if past.is_detaching {
            "FINALIZE"
        } else {
            "CONCURRENTLY"
        };
        let detach = format!("ALTER TABLE {table} DETACH PARTITION {part} {how}");
        let detached = sqlx::raw_sql(AssertSqlSafe(detach)).execute(pool).await;
        let dropped = format!("DROP TABLE IF EXISTS {part}");
        match detached {
            Ok(_) => {}
            // Another process was faster, or is at it; or this role may not, which is for somebody to see.
            Err(sqlx::Error::Database(error)) => {
                tracing::warn!(%error, partition = past.name, "an idempotency partition that is over could not be detached");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        sqlx::raw_sql(AssertSqlSafe(dropped)).execute(pool).await?;
        Ok(())
    }
}

fn time(now: Option<i64>) -> String {
    now.map_or_else(|| "NULL::int8".to_owned(), |now| format!("({now})::int8"))
}

fn past(row: &PgRow) -> Result<Past, sqlx::Error> {
    Ok(Past {
        name: row.try_get(0)?,
        is_detaching: row.try_get(1)?,
    })
}
