//! The attempt as an argument of a handler.

use std::convert::Infallible;
use std::ops::Deref;
use std::pin::Pin;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::door::Axum;
use super::replay::Publish;
use super::witness::{Witness as _, need_replay};
use crate::attempt::{self, PublishError};
use crate::http::answer::publish;

/// The attempt that a handler runs in, as an argument of it.
///
/// Its methods are those of the [`attempt::Attempt`] behind it, and [`publish`](Self::publish).
///
/// ```
/// use axum::Json;
/// use http::StatusCode;
/// use idempotent_runtime::axum::{Attempt, idempotent};
/// use serde_json::{Value, json};
///
/// #[idempotent(scope = global, pending = provisional("5s"))]
/// async fn start(attempt: Attempt, Json(run): Json<Value>) -> (StatusCode, Json<Value>) {
///     // Duplicates see this at once, while the handler goes on.
///     let _ = attempt.publish((StatusCode::ACCEPTED, Json(json!({ "run_id": 7 })))).await;
///     // The provider below is given a key of its own, equal on every attempt.
///     let charge_key = attempt.derive("charge");
/// #   drop(charge_key);
///     (StatusCode::CREATED, Json(json!({ "run_id": 7, "result": run })))
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::post(start));
/// ```
#[derive(Clone, Debug)]
pub struct Attempt(attempt::Attempt);

impl Attempt {
    pub(super) fn shared(&self) -> &attempt::Attempt {
        &self.0
    }

    /// The attempt of the call that has this head.
    pub(super) fn of(parts: &mut Parts) -> Self {
        let existing = parts.extensions.get::<Self>();
        if let Some(attempt) = existing.filter(|attempt| !attempt.0.is_sealed()) {
            return attempt.clone();
        }
        let attempt = Self(attempt::Attempt::new());
        parts.extensions.insert(attempt.clone());
        attempt
    }

    /// Shows a provisional outcome to duplicates while the handler runs, under `pending = provisional`. Under another
    /// `pending` nobody sees it, and the log says so.
    ///
    /// `outcome` becomes a response when this is called, and is shown when the future that this returns is awaited.
    ///
    /// From then on the key is never given back, whatever `pending` is: a later failure is final, though its status is one
    /// of `release`. It may be called again to show another outcome.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if another attempt has the record, the outcome is too large to keep, or the store could not be
    /// told while the lease lasted. The handler may go on.
    // The future does not name the outcome's type, or one that can't be published would be reported three times.
    pub fn publish(
        &self,
        outcome: impl Publish,
    ) -> Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + '_>> {
        let reply = need_replay().reply(outcome);
        Box::pin(publish::<Axum>(&self.0, reply))
    }
}

impl Deref for Attempt {
    type Target = attempt::Attempt;

    fn deref(&self) -> &attempt::Attempt {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Attempt {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
