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

/// The partition of a day that has passed, yesterday apart.
struct Past {
    name: String,
    stage: Stage,
}

/// How far it is on its way out. A process that dies in between leaves it where the next sweep goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Attached,
    Detaching,
    Detached,
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
            if past.stage == Stage::Attached {
                if !self.has_expired(pool, &past.name, now).await? {
                    continue;
                }
                self.keep_what_has_no_end(pool, &past.name).await?;
                if !self.detach(pool, &past.name, "CONCURRENTLY").await? {
                    continue;
                }
            } else if past.stage == Stage::Detaching
                && !self.detach(pool, &past.name, "FINALIZE").await?
            {
                continue;
            }
            let part = self.names.sibling(&past.name);
            let drop = format!("DROP TABLE IF EXISTS {part}");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(pool).await?;
        }
        self.sweep_kept(pool, now).await
    }

    /// Makes the days to come and drops none, which may have to wait for others.
    pub(super) async fn make_only(&self, pool: &Pool, now: Option<i64>) -> Result<(), sqlx::Error> {
        self.make(pool, now).await.map(drop)
    }

    /// Makes the days to come, and says which have passed.
    async fn make(&self, pool: &Pool, now: Option<i64>) -> Result<Vec<Past>, sqlx::Error> {
        let (function, now) = (self.names.beside("_days"), time(now));
        let rows = sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT past, stage FROM {function}({now}, {AHEAD})"
        )))
        .fetch_all(pool)
        .await?;
        rows.iter().map(past).collect()
    }

    /// Whether nothing of the day is still to expire. Expired and released rows never come back to life: a claim of theirs
    /// makes a row of its own day.
    async fn has_expired(
        &self,
        pool: &Pool,
        name: &str,
        now: Option<i64>,
    ) -> Result<bool, sqlx::Error> {
        let (part, now) = (self.names.sibling(name), server_time(now));
        let row = sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT NOT EXISTS (SELECT FROM {part} WHERE expires_at > {now})"
        )))
        .fetch_one(pool)
        .await?;
        row.try_get(0)
    }

    /// Moves what would keep the day for ever. A step that meets a row on its way fails and is sent again.
    async fn keep_what_has_no_end(&self, pool: &Pool, name: &str) -> Result<(), sqlx::Error> {
        // The name ends with the date, by which PostgreSQL leaves the other days alone.
        let date = name
            .get(name.len().saturating_sub(10)..)
            .unwrap_or_default();
        let (table, date) = (self.names.table(), date.replace('_', "-"));
        sqlx::raw_sql(AssertSqlSafe(format!(
            "UPDATE {table} SET day = -1 \
             WHERE day = '{date}'::date - '1970-01-01'::date AND expires_at IS NULL"
        )))
        .execute(pool)
        .await?;
        Ok(())
    }

    /// What was kept may have been settled since, and expires then as everything does.
    async fn sweep_kept(&self, pool: &Pool, now: Option<i64>) -> Result<(), sqlx::Error> {
        let (kept, now) = (self.names.beside("_kept"), server_time(now));
        sqlx::raw_sql(AssertSqlSafe(format!(
            "DELETE FROM {kept} WHERE expires_at <= {now}"
        )))
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Waits for statements that use the day, and keeps none waiting. `false`: another process was faster, or is at it.
    async fn detach(&self, pool: &Pool, name: &str, how: &str) -> Result<bool, sqlx::Error> {
        let (table, part) = (self.names.table(), self.names.sibling(name));
        let detach = format!("ALTER TABLE {table} DETACH PARTITION {part} {how}");
        match sqlx::raw_sql(AssertSqlSafe(detach)).execute(pool).await {
            Ok(_) => Ok(true),
            // Or this role may not, which is for somebody to see.
            Err(sqlx::Error::Database(error)) => {
                tracing::warn!(%error, partition = name, "an idempotency partition that is over could not be detached");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// The server's time, unless there is another.
fn server_time(now: Option<i64>) -> String {
    let now = time(now);
    format!("coalesce({now}, floor(extract(epoch FROM clock_timestamp()) * 1000)::int8)")
}

fn time(now: Option<i64>) -> String {
    now.map_or_else(|| "NULL::int8".to_owned(), |now| format!("({now})::int8"))
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
