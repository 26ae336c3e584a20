//! A warehouse, simulated. The article decides what happens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use uuid::Uuid;

/// How long `crate` takes: long enough for a client to lose patience.
const SLOW: Duration = Duration::from_secs(1);

/// The warehouse, and what it was asked to do.
#[derive(Debug, Default)]
pub struct Warehouse {
    asked: AtomicUsize,
    reserved: AtomicUsize,
    returned: AtomicUsize,
}

/// Why goods were not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WarehouseError {
    /// The warehouse doesn't have the article.
    #[error("the article is sold out")]
    SoldOut,
    /// The warehouse took no request, so nothing was reserved.
    #[error("the warehouse is busy, nothing was reserved")]
    Busy,
}

impl Warehouse {
    /// Reserves goods and returns the reservation's id.
    ///
    /// `mug` succeeds, `crate` succeeds after a second, `forklift` finds the warehouse busy, and everything else is sold
    /// out.
    ///
    /// # Errors
    ///
    /// As the article says. Nothing is reserved then.
    pub async fn reserve(&self, sku: &str) -> Result<String, WarehouseError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match sku {
            "mug" => {}
            "crate" => tokio::time::sleep(SLOW).await,
            "forklift" => return Err(WarehouseError::Busy),
            _ => return Err(WarehouseError::SoldOut),
        }
        self.reserved.fetch_add(1, Ordering::Relaxed);
        Ok(format!("res_{}", Uuid::new_v4().simple()))
    }

    /// Puts reserved goods back on the shelf.
    pub fn put_back(&self, reservation: &str) {
        self.returned.fetch_add(1, Ordering::Relaxed);
        tracing::info!(reservation, "put goods back");
    }

    /// How often it was asked for goods.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many reservations it made.
    pub fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    /// How many reservations it put back.
    pub fn returned(&self) -> usize {
        self.returned.load(Ordering::Relaxed)
    }
}
