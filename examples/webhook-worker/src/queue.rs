//! A queue of jobs in PostgreSQL. It delivers each job at least once.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use crate::events::{Event, Parcel};

/// The queue. Clones are one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    database: PgPool,
    delays: Delays,
}

/// When a job is delivered again.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// If its worker says nothing.
    pub visibility: Duration,
    /// If its worker gives it back for the first time. It doubles with every delivery.
    pub retry: Duration,
}

impl Default for Delays {
    /// Ten seconds, and one.
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(10),
            retry: Duration::from_secs(1),
        }
    }
}

/// A job that a worker has taken.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to do.
    pub event: Event,
    /// Which delivery of it this is, from one on.
    pub delivery: i32,
}

#[derive(FromRow)]
struct Row {
    shop: String,
    event: String,
    parcel: Json<Parcel>,
    deliveries: i32,
}

impl Queue {
    /// The queue in this database.
    pub fn new(database: PgPool, delays: Delays) -> Self {
        Self { database, delays }
    }

    /// Adds a job, unless the event has one. Returns whether it was added.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn push(&self, event: &Event) -> Result<bool, sqlx::Error> {
        let added = sqlx::query(
            "INSERT INTO jobs (shop, event, parcel) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(&event.shop)
        .bind(&event.id)
        .bind(Json(&event.parcel))
        .execute(&self.database)
        .await?;
        Ok(added.rows_affected() > 0)
    }

    /// Takes the job that has waited longest. If its worker says nothing, it is delivered again.
    ///
    /// Workers that take jobs at the same time don't wait for each other: each skips the rows that another is taking.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn take(&self) -> Result<Option<Job>, sqlx::Error> {
        let row: Option<Row> = sqlx::query_as(
            "UPDATE jobs SET deliveries = deliveries + 1, visible_at = now() + make_interval(secs => $1)
             WHERE (shop, event) = (
                 SELECT shop, event FROM jobs WHERE visible_at <= now() AND set_aside_at IS NULL
                 ORDER BY visible_at LIMIT 1 FOR UPDATE SKIP LOCKED
             )
             RETURNING shop, event, parcel, deliveries",
        )
        .bind(self.delays.visibility.as_secs_f64())
        .fetch_optional(&self.database)
        .await?;
        Ok(row.map(|row| Job {
            event: Event {
                shop: row.shop,
                id: row.event,
                parcel: row.parcel.0,
            },
            delivery: row.deliveries,
        }))
    }

    /// Removes a job that is done. Changes nothing if the job has been delivered again.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn done(&self, job: &Job) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM jobs WHERE shop = $1 AND event = $2 AND deliveries = $3")
            .bind(&job.event.shop)
            .bind(&job.event.id)
            .bind(job.delivery)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Gives back a job that failed. It is delivered again, later each time. Changes nothing if that has happened already.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn give_back(&self, job: &Job, failure: &str) -> Result<(), sqlx::Error> {
        // From one second on, a quarter of an hour at most.
        let doublings = (job.delivery - 1).clamp(0, 10);
        let delay = self.delays.retry.as_secs_f64() * 2_f64.powi(doublings);
        sqlx::query(
            "UPDATE jobs SET visible_at = now() + make_interval(secs => $4), failure = $5
             WHERE shop = $1 AND event = $2 AND deliveries = $3",
        )
        .bind(&job.event.shop)
        .bind(&job.event.id)
        .bind(job.delivery)
        .bind(delay)
        .bind(failure)
        .execute(&self.database)
        .await?;
        Ok(())
    }

    /// Sets aside a job that no worker can do, for somebody to look at. Changes nothing if it has been delivered again.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn set_aside(&self, job: &Job, failure: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE jobs SET set_aside_at = now(), failure = $4
             WHERE shop = $1 AND event = $2 AND deliveries = $3",
        )
        .bind(&job.event.shop)
        .bind(&job.event.id)
        .bind(job.delivery)
        .bind(failure)
        .execute(&self.database)
        .await?;
        Ok(())
    }
}
