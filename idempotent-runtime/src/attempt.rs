//! What a handler can ask about its own attempt.

use std::fmt;
#[cfg(feature = "web")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use crate::digest::Fields;
use crate::engine::Lease;
use crate::idempotency::Idempotency;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::policy::{Pending, Policy};
use crate::store::Fence;

/// The attempt that a handler runs in.
///
/// Each door has an argument of its own for it, such as [`axum::Attempt`](crate::axum::Attempt).
///
/// On a call that runs unprotected it is inert: nothing was abandoned, publishing does nothing, and the lease is never
/// lost.
#[derive(Clone)]
pub struct Attempt(Arc<Slot>);

#[derive(Default)]
struct Slot {
    running: OnceLock<Running>,
    #[cfg(feature = "web")]
    sealed: AtomicBool,
    /// What keys are derived from on an unprotected run.
    unprotected: OnceLock<Uuid>,
}

/// The attempt of a call that holds its record.
pub(crate) struct Running {
    pub(crate) lease: Arc<Lease>,
    /// Which of the handle's secrets its record was made with.
    pub(crate) secret: usize,
    pub(crate) generation: AttemptId,
    /// How many attempts of its generation were abandoned before it.
    pub(crate) abandoned: u32,
    pub(crate) idempotency: Idempotency,
    pub(crate) policy: &'static Policy,
}

impl Running {
    /// Shows an outcome to duplicates; `None` is one that is too large.
    pub(crate) async fn publish(&self, outcome: Option<Outcome>) -> Result<(), PublishError> {
        if !matches!(self.policy.pending, Pending::Provisional(_)) {
            tracing::warn!(
                record = %self.lease.record(),
                "a handler publishes a provisional outcome that no duplicate sees: write `pending = provisional(\"5s\")`"
            );
        }
        let outcome = outcome.ok_or(PublishError::TooLarge {})?;
        match self.lease.publish(outcome).await {
            Ok(Fence::Held) => Ok(()),
            Ok(Fence::Lost) => Err(PublishError::Lost {}),
            Err(error) if error.is_too_large() => Err(PublishError::TooLarge {}),
            Err(_) => Err(PublishError::Unavailable {}),
        }
    }
}

impl Attempt {
    /// One that is inert until it is [started](Self::start).
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Keeps it to its call, once that has its arguments.
    #[cfg(feature = "web")]
    pub(crate) fn seal(&self) {
        self.0.sealed.store(true, Ordering::Relaxed);
    }

    /// Whether its call has its arguments: whoever asks now belongs to another call that was given the same extensions.
    #[cfg(feature = "web")]
    pub(crate) fn is_sealed(&self) -> bool {
        self.0.sealed.load(Ordering::Relaxed)
    }

    /// Ties it to the attempt that is about to start.
    pub(crate) fn start(&self, running: impl FnOnce() -> Running) {
        // A call has one attempt.
        self.0.running.get_or_init(running);
    }

    /// What it is tied to; `None` before it starts, and on an unprotected run.
    pub(crate) fn running(&self) -> Option<&Running> {
        self.0.running.get()
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
