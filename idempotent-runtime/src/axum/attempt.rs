//! What a handler can ask about its own attempt.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::request::Parts;
use uuid::Uuid;

use super::record;
use super::replay::{Publish, Reply, Witness as _, need_replay};
use crate::digest::Fields;
use crate::engine::{Held, Lease, Ticket};
use crate::idempotency::Idempotency;
use crate::identity::{AttemptId, RecordId};
use crate::policy::{Pending, Policy};
use crate::store::Fence;

/// The attempt that a handler runs in, as an argument of it.
///
/// On a call that runs unprotected it is inert: nothing was abandoned, publishing does nothing, and the lease is never
/// lost.
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
#[derive(Clone)]
pub struct Attempt(Arc<Slot>);

#[derive(Default)]
struct Slot {
    running: OnceLock<Running>,
    /// Its call has its arguments: whoever asks from now on belongs to another call that was given the same extensions.
    sealed: AtomicBool,
    /// What keys are derived from on an unprotected run.
    unprotected: OnceLock<Uuid>,
}

struct Running {
    lease: Arc<Lease>,
    /// Which of the handle's secrets its record was made with.
    secret: usize,
    generation: AttemptId,
    abandoned: u32,
    idempotency: Idempotency,
    policy: &'static Policy,
}

impl Running {
    async fn publish(&self, reply: Reply) -> Result<(), PublishError> {
        if !matches!(self.policy.pending, Pending::Provisional(_)) {
            tracing::warn!(
                record = %self.lease.record(),
                "a handler publishes a provisional outcome that no duplicate sees: write `pending = provisional(\"5s\")`"
            );
        }
        let settings = self.idempotency.settings();
        let kept = record::keep(reply, self.policy.max_response, settings).await;
        let outcome = kept.outcome.ok_or(PublishError::TooLarge {})?;
        match self.lease.publish(outcome).await {
            Ok(Fence::Held) => Ok(()),
            Ok(Fence::Lost) => Err(PublishError::Lost {}),
            Err(error) if error.is_too_large() => Err(PublishError::TooLarge {}),
            Err(_) => Err(PublishError::Unavailable {}),
        }
    }
}

impl Attempt {
    /// Keeps it to its call, once that has its arguments.
    pub(super) fn seal(&self) {
        self.0.sealed.store(true, Ordering::Relaxed);
    }

    /// Ties it to the attempt that is about to start.
    pub(super) fn start(&self, ticket: &Ticket, held: &Held) {
        let running = Running {
            lease: Arc::clone(&held.lease),
            secret: ticket.secret,
            generation: held.generation,
            abandoned: held.abandoned,
            idempotency: ticket.idempotency.clone(),
            policy: ticket.policy,
        };
        // A call has one attempt.
        let _ = self.0.running.set(running);
    }

    /// How many earlier attempts of this generation were abandoned, so that their effects may have happened: 0 on a first
    /// attempt, after the key was given back, and on an unprotected run.
    ///
    /// ```
    /// use idempotent_runtime::axum::{Attempt, idempotent};
    ///
    /// #[idempotent(scope = global, abandoned = rerun(3))]
    /// async fn charge(attempt: Attempt) -> &'static str {
    ///     if attempt.abandoned() > 0 {
    ///         // Look first whether the charge of an earlier attempt went through.
    ///     }
    ///     "charged"
    /// }
    /// # let _: axum::Router = axum::Router::new().route("/", axum::routing::post(charge));
    /// ```
    pub fn abandoned(&self) -> u32 {
        self.0.running.get().map_or(0, |running| running.abandoned)
    }

    /// Whether an earlier attempt was [abandoned](Self::abandoned).
    pub fn is_rerun(&self) -> bool {
        self.abandoned() > 0
    }

    /// The id of its record, for [`Idempotency::forget`] when what it made is gone; `None` on an unprotected run.
    pub fn record_id(&self) -> Option<RecordId> {
        self.0.running.get().map(|running| running.lease.record())
    }

    /// A stable idempotency key for a call further down: equal on every attempt of a *generation*, different for every
    /// `purpose` and every record. It is a UUID of version 8 (RFC 9562) in its hyphenated form.
    ///
    /// A generation goes from the claim that makes a record anew, through any takeovers, to its release, expiry or
    /// removal. So an attempt that takes over an abandoned one repeats the same call, and a provider that knows the key
    /// answers as before; and an attempt after a release, perhaps with another amount, makes a new call.
    ///
    /// On an unprotected run it is equal within this run alone.
    pub fn derive(&self, purpose: &str) -> String {
        let mut fields;
        if let Some(running) = self.0.running.get() {
            let secret = running.idempotency.settings().secrets.nth(running.secret);
            fields = Fields::new(secret, "idempotent/derived-key/2");
            fields.push(running.lease.record().as_bytes());
            fields.push(running.generation.as_bytes());
        } else {
            fields = Fields::new(None, "idempotent/unprotected-key/1");
            fields.push(self.0.unprotected.get_or_init(random).as_bytes());
        }
        derived(fields, purpose)
    }

    /// Shows a provisional outcome to duplicates while the handler runs, under `pending = provisional`. Under another
    /// `pending` nobody sees it, and the log says so.
    ///
    /// `outcome` is made a response when this is called, and shown when what it returns is awaited.
    ///
    /// From then on the key is never given back, under whichever `pending`: a later failure is final, though its status
    /// stands in `release`. May be called again to show another.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if another attempt has the record, the outcome is too large to keep, or the store could not be
    /// told while the lease lasted. The handler may go on.
    // The future does not name the outcome's type, or a type that is none would be told three times.
    pub fn publish(
        &self,
        outcome: impl Publish,
    ) -> Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + '_>> {
        let reply = need_replay().reply(outcome);
        Box::pin(async move {
            match self.0.running.get() {
                Some(running) => running.publish(reply).await,
                None => Ok(()),
            }
        })
    }

    /// Ends when the attempt's lease is lost: another attempt may then hold the record, and what this one answers will
    /// not be kept. Never ends otherwise.
    ///
    /// A handler that cannot go on safely without its lease selects between this and its work.
    pub async fn lost(&self) {
        match self.0.running.get() {
            Some(running) => running.lease.lost().await,
            None => std::future::pending().await,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Attempt {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let existing = parts.extensions.get::<Self>();
        if let Some(attempt) = existing.filter(|attempt| !attempt.0.sealed.load(Ordering::Relaxed))
        {
            return Ok(attempt.clone());
        }
        let attempt = Self(Arc::default());
        parts.extensions.insert(attempt.clone());
        Ok(attempt)
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("abandoned", &self.abandoned())
            .finish_non_exhaustive()
    }
}

/// Why a provisional outcome is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Another attempt has the record.
    #[error("another attempt has taken the record over")]
    #[non_exhaustive]
    Lost {},
    /// Its body is larger than the policy's `max_response`.
    #[error("the outcome is larger than what is kept")]
    #[non_exhaustive]
    TooLarge {},
    /// The store could not be told.
    #[error("the store could not be told of the outcome")]
    #[non_exhaustive]
    Unavailable {},
}

fn random() -> Uuid {
    Uuid::from_bytes(*crate::identity::AttemptId::random().as_bytes())
}

fn derived(mut fields: Fields, purpose: &str) -> String {
    fields.push(purpose.as_bytes());
    let digest = fields.finish();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
