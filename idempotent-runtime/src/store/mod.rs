//! Where records live.
//!
//! A store keeps one record per [`RecordId`] and offers nine steps on it. Each is atomic and one round trip. What every
//! step does to a record is written once, in [`transition`]; a store that can run code under a lock, in a transaction or
//! before a conditional write is a [`RowStore`], and uses it as it is.

#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
mod columns;
#[cfg(feature = "test-util")]
pub mod conformance;
mod durability;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod row_store;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
mod settling;
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod table_name;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod told_once;
pub mod transition;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

pub use self::durability::{Durability, Survives};
#[cfg(feature = "memory")]
pub use self::memory::MemoryStore;
#[cfg(feature = "mysql")]
pub use self::mysql::{MySqlStore, MySqlStoreOptions};
#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresStore, PostgresStoreOptions};
#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, RedisStoreError, RedisStoreOptions};
pub use self::row_store::RowStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::{SqliteOpenError, SqliteStore, SqliteStoreOptions, Synchronous};
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::policy::Ttl;

/// What a step of a [`Store`] returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps records.
///
/// Every step is one atomic decision about one record, made by the store on its own clock, and safe to repeat: a caller
/// whose acknowledgement was lost sends the same step again and gets the same answer (but for
/// [`forget`](Self::forget), which leaves nothing behind to know it by). A step whose future was dropped takes effect
/// before any later step of the same attempt, or not at all. Dropping the future of a step
/// leaves it done or not done, never half done.
///
/// To write one, see [`RowStore`], which makes the nine steps from one function, and `docs/own-store.md` in the
/// project's repository, which goes through all of this for writers; to check one, see the
#[cfg_attr(feature = "test-util", doc = "[conformance suite](conformance).")]
#[cfg_attr(
    not(feature = "test-util"),
    doc = "conformance suite (feature `test-util`)."
)]
///
/// A record is *running* (an attempt holds it under a lease), *done* (it has an outcome) or *released* (it was given
/// back). A done or released record expires; a running one never does. An expired or released record counts as absent.
///
/// # Errors
///
/// Each step fails with a [`StoreError`] where the store could not be reached or could not read what it had written.
/// Whether the step took effect is then unknown.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Takes the record for an attempt, or says what stands in the way.
    ///
    /// It looks at expiry, then the fingerprint, then the state, then the lease. A record that is held by this very
    /// attempt is [`Won`](Claimed::Won) again.
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed>;

    /// Makes the lease of a running record last `lease` from now, though it may have run out. A lease of zero ends it
    /// at once: the record is abandoned.
    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence>;

    /// Puts a provisional outcome on a running record.
    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence>;

    /// Makes a running record done, though its lease may have run out.
    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence>;

    /// Gives a running record back.
    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence>;

    /// Reads a record.
    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>>;

    /// Removes a record, whatever its state, if `seen` is still the attempt that it names.
    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence>;

    /// Settles an abandoned record, if `seen` is still the attempt that it names. The record then names `attempt`, so
    /// that the abandoned one cannot complete it any more.
    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence>;

    /// Removes at most `limit` expired or released records and says how many. A store that removes them in its own time
    /// removes none here.
    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize>;

    /// What an acknowledged step survives, as the store's settings are now. A store that does not say is taken to survive
    /// nothing.
    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(std::future::ready(Ok(Survives::not_said())))
    }
}

/// What an attempt asks for when it claims a record.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The record.
    pub record: RecordId,
    /// What the request was.
    pub fingerprint: Fingerprint,
    /// The attempt that asks.
    pub attempt: AttemptId,
    /// How long the claim shall hold, from when the store grants it.
    pub lease: Duration,
    /// Whether an abandoned record may be taken over.
    pub takeover: Takeover,
}

/// Whether a claim takes over an abandoned record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// No: the claim is told of it.
    Never,
    /// Yes, whichever attempt left it.
    Abandoned,
    /// Only from the attempt that the caller saw.
    From(AttemptId),
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The record is the attempt's.
    Won {
        /// The attempt from which it was taken over, if it was.
        abandoned: Option<AttemptId>,
        /// What that attempt had published.
        provisional: Option<Outcome>,
    },
    /// The record is somebody else's, or done.
    Found(Record),
}

/// What stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What the request was that made it.
    pub fingerprint: Fingerprint,
    /// The attempt that holds it, or that made it what it is.
    pub attempt: AttemptId,
    /// How far it is.
    pub state: State,
}

/// How far a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// An attempt holds it.
    Running {
        /// What was published for duplicates to see.
        provisional: Option<Outcome>,
        /// The lease has run out, or was ended because the handler panicked or passed its deadline.
        abandoned: bool,
    },
    /// It has an outcome.
    Done {
        /// What the outcome means.
        disposition: Disposition,
        /// The outcome; absent where it was too large to keep.
        outcome: Option<Outcome>,
    },
}

/// What a done record is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the outcome means.
    pub disposition: Disposition,
    /// The outcome; absent where it is too large to keep.
    pub outcome: Option<Outcome>,
    /// How long to keep it, from when the store writes it.
    pub ttl: Ttl,
}

/// How an abandoned record is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// With this outcome.
    Complete(Completion),
    /// By giving it back.
    Release,
}

/// Whether the attempt that a step named held the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a step that was refused changed nothing"]
pub enum Fence {
    /// It did: the step took effect, now or when it was first sent.
    Held,
    /// It did not: nothing was changed.
    Lost,
}

/// A step of a store that failed. Whether it took effect is unknown.
///
/// It prints what went wrong; the cause below it is its [`source`](Error::source).
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreErrorKind {
    Unavailable,
    Corrupt,
}

impl StoreError {
    /// The store could not be reached, or could not do it now.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: StoreErrorKind::Unavailable,
            source: Some(source.into()),
        }
    }

    /// The store holds something that it never wrote.
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: StoreErrorKind::Corrupt,
            source: Some(source.into()),
        }
    }

    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable
    }

    /// Whether a record could not be understood.
    pub fn is_corrupt(&self) -> bool {
        self.kind == StoreErrorKind::Corrupt
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the idempotency store is unavailable",
            StoreErrorKind::Corrupt => "the idempotency store holds a record that cannot be read",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
