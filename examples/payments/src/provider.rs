//! A card provider, simulated. Which card it is decides what happens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use uuid::Uuid;

/// How long `tok_slow` takes: long enough for a client to lose patience.
const SLOW: Duration = Duration::from_secs(1);

/// The provider, and what it was asked for.
#[derive(Debug, Default)]
pub struct CardProvider {
    asked: AtomicUsize,
    charged: AtomicUsize,
    refunded: AtomicUsize,
}

/// Why a card was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The bank said no, and will say it again.
    #[error("the card was declined")]
    Declined,
    /// The provider took no request; nothing was charged.
    #[error("the card provider is busy, nothing was charged")]
    Busy,
}

impl CardProvider {
    /// Takes money from a card and returns the charge's id.
    ///
    /// `tok_visa` succeeds, `tok_slow` succeeds after a second, `tok_busy` finds the provider busy, and any other is
    /// declined.
    ///
    /// # Errors
    ///
    /// As the card says. Nothing was charged then.
    pub async fn charge(&self, source: &str) -> Result<String, CardError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match source {
            "tok_visa" => {}
            "tok_slow" => tokio::time::sleep(SLOW).await,
            "tok_busy" => return Err(CardError::Busy),
            _ => return Err(CardError::Declined),
        }
        self.charged.fetch_add(1, Ordering::Relaxed);
        Ok(format!("ch_{}", Uuid::new_v4().simple()))
    }

    /// Gives a charge's money back and returns the refund's id.
    pub fn refund(&self, charge: &str) -> String {
        self.refunded.fetch_add(1, Ordering::Relaxed);
        tracing::info!(charge, "gave money back");
        format!("re_{}", Uuid::new_v4().simple())
    }

    /// How often it was asked for money.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// How often it took some.
    pub fn charged(&self) -> usize {
        self.charged.load(Ordering::Relaxed)
    }

    /// How often it gave money back.
    pub fn refunded(&self) -> usize {
        self.refunded.load(Ordering::Relaxed)
    }
}
