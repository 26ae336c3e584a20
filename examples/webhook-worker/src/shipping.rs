//! Shipping what was paid, once for each event.

use std::sync::Arc;

use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Attempt, Rejection, idempotent};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::carrier::{Carrier, CarrierError};
use crate::events::Event;

/// What it takes to ship.
#[derive(Clone, Debug)]
pub struct Shipping {
    /// The application's tables.
    pub database: PgPool,
    /// Who takes the parcels.
    pub carrier: Arc<dyn Carrier>,
    /// The records of what was shipped.
    pub idempotency: Idempotency,
}

/// A parcel on its way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Shipment {
    /// The carrier's tracking number.
    pub tracking: String,
}

impl Shipping {
    /// Hands the parcel to the carrier and notes its tracking number.
    ///
    /// Only the attribute and the `attempt` were added; callers don't pass the latter. However often it is called for an
    /// event, one parcel is shipped, and every caller gets the same shipment. Records are kept for a week, since the sender
    /// repeats webhooks for some days.
    ///
    /// An error gives the key back, so the next delivery of the job tries again, under another key of the carrier's. If the
    /// future is dropped or the process dies, nobody knows what the carrier did. The next delivery asks it again under the
    /// same key, and gets the same tracking number if the parcel was shipped.
    ///
    /// # Errors
    ///
    /// If the carrier or the database fails, or the call is refused: [`JobError::is_final`] says whether for good.
    #[idempotent(
        key = event.id,
        scope = event.shop,
        operation = "ship order",
        fingerprint = event.parcel,
        store = self.idempotency,
        ttl = "7d",
        lease = "5s"
    )]
    pub async fn ship(&self, event: &Event, attempt: Attempt) -> Result<Shipment, JobError> {
        tracing::info!(event.shop, event.id, "shipping a parcel");
        let key = attempt.derive("parcel");
        let tracking = self.carrier.ship(&event.parcel, &key).await?;
        // There is a row if an earlier attempt died when it had nothing left to do but to say so.
        sqlx::query(
            "INSERT INTO shipments (tracking, shop, event) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(&tracking)
        .bind(&event.shop)
        .bind(&event.id)
        .execute(&self.database)
        .await?;
        tracing::info!(event.shop, event.id, tracking, "parcel shipped");
        Ok(Shipment { tracking })
    }
}

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// It was not run: another worker is at it, for example.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The carrier took no parcel.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// The application's database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl JobError {
    /// Whether another delivery would fail in the same way.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Rejected(rejection) if !rejection.is_retriable())
    }
}
