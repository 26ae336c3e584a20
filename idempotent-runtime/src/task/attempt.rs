//! The attempt as an argument of a function.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{Kept, VALUE, need_recorded};
use crate::attempt::{self, PublishError};

/// The attempt that a function runs in, as an argument of it that callers don't pass.
///
/// Its methods are those of the [`attempt::Attempt`] behind it, and [`publish`](Self::publish).
///
/// ```
/// # #[cfg(feature = "memory")]
/// # {
/// use idempotent_runtime::Idempotency;
/// use idempotent_runtime::task::{Attempt, Rejection, idempotent};
///
/// #[idempotent(
///     key = order,
///     scope = global,
///     operation = "charge",
///     fingerprint = none,
///     store = idempotency
/// )]
/// async fn charge(idempotency: &Idempotency, order: &str, attempt: Attempt) -> Result<String, Rejection> {
///     // The provider below is given a key of its own, equal on every attempt.
///     Ok(format!("charged under {}", attempt.derive("charge")))
/// }
///
/// async fn caller(idempotency: &Idempotency) -> Result<String, Rejection> {
///     charge(idempotency, "order-17").await
/// }
/// # let _ = caller;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Attempt(pub(super) attempt::Attempt);

impl Attempt {
    /// Shows a provisional value to duplicates while the function runs, under `pending = provisional`. Under another
    /// `pending` nobody sees it, and the log says so. It is of the type that the function returns, or of the type in its
    /// `Ok`.
    ///
    /// From then on the key is never given back, whatever `pending` is: a later failure is final. It may be called again to
    /// show another value.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if another attempt has the record, the value is too large to keep, or the store could not be told
    /// while the lease lasted. The function may go on.
    pub async fn publish<T>(&self, value: &T) -> Result<(), PublishError>
    where
        T: Serialize + DeserializeOwned,
    {
        let Some(running) = self.0.running() else {
            return Ok(());
        };
        let max = running.policy.max_response;
        let outcome = match need_recorded::<T>().keep(value, VALUE) {
            Kept::Outcome(outcome) if outcome.body().len() <= max => Some(outcome),
            _ => None,
        };
        running.publish(outcome).await
    }
}

impl Deref for Attempt {
    type Target = attempt::Attempt;

    fn deref(&self) -> &attempt::Attempt {
        &self.0
    }
}
