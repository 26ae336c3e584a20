//! Working off the queue.

use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::queue::{Job, Queue};
use crate::shipping::{JobError, Shipment, Shipping};

/// How long to wait for the next job when there is none.
const IDLE: Duration = Duration::from_millis(200);

/// A job that has failed this often is set aside.
const MOST_DELIVERIES: i32 = 20;

/// Takes jobs and does them, one after the other.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where jobs come from.
    pub queue: Queue,
    /// What to do with them.
    pub shipping: Shipping,
}

/// What became of a job.
#[derive(Debug)]
pub enum Worked {
    /// It is done, by this delivery or an earlier one.
    Done(Shipment),
    /// It will be delivered again.
    GivenBack(JobError),
    /// It waits for somebody to look at it.
    SetAside(JobError),
}

impl Worker {
    /// Works until it is stopped. A job that has begun is finished first; if the future is dropped, it is not.
    ///
    /// A job that panics doesn't end the worker. It is delivered again, as after any worker that says nothing.
    pub async fn run(&self, stopped: CancellationToken) {
        while !stopped.is_cancelled() {
            let worker = self.clone();
            let job = tokio::spawn(async move { worker.work_once().await });
            match AbortOnDropHandle::new(job).await {
                Ok(Ok(Some(_))) => continue,
                Ok(Ok(None)) => {}
                Ok(Err(error)) => complain(&error, "the queue failed"),
                Err(error) => complain(&error, "a job panicked"),
            }
            stopped.run_until_cancelled(tokio::time::sleep(IDLE)).await;
        }
    }

    /// Takes a job, does it, and tells the queue. Returns `None` if there is no job.
    ///
    /// If the future is dropped in between, the job is delivered again.
    ///
    /// # Errors
    ///
    /// If the queue can't be read or told. The job is delivered again then.
    pub async fn work_once(&self) -> Result<Option<Worked>, sqlx::Error> {
        let Some(job) = self.queue.take().await? else {
            return Ok(None);
        };
        let worked = match self.shipping.ship(&job.event).await {
            Ok(shipment) => self.succeeded(&job, shipment).await?,
            Err(error) => self.failed(&job, error).await?,
        };
        Ok(Some(worked))
    }

    async fn succeeded(&self, job: &Job, shipment: Shipment) -> Result<Worked, sqlx::Error> {
        let Job { event, delivery } = job;
        tracing::info!(
            event.shop,
            event.id,
            delivery,
            shipment.tracking,
            "job done"
        );
        self.queue.done(job).await?;
        Ok(Worked::Done(shipment))
    }

    async fn failed(&self, job: &Job, error: JobError) -> Result<Worked, sqlx::Error> {
        let Job { event, delivery } = job;
        let failure = error.to_string();
        if error.is_final() || *delivery >= MOST_DELIVERIES {
            tracing::error!(event.shop, event.id, delivery, failure, "job set aside");
            self.queue.set_aside(job, &failure).await?;
            return Ok(Worked::SetAside(error));
        }
        tracing::warn!(event.shop, event.id, delivery, failure, "job given back");
        self.queue.give_back(job, &failure).await?;
        Ok(Worked::GivenBack(error))
    }
}

fn complain(error: &(dyn Error + 'static), what: &str) {
    tracing::error!(error, "{what}");
}
