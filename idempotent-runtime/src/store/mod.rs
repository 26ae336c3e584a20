//! Where records live.
//!
//! A store keeps one record per [`RecordId`] and offers ten steps on it. Each is one atomic decision and one round trip.
//! What every step does to a record is written once, in [`transition`]. A store that can run code under a lock, in a
//! transaction or before a conditional write is a [`RowStore`], and uses it as it is.

#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "redis"
))]
mod columns;
#[cfg(feature = "test-util")]
pub mod conformance;
mod durability;
mod error;
mod extra;
mod label;
mod list;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod row_store;
mod shared;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod transition;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;

pub use self::durability::{Durability, Survives};
pub use self::error::StoreError;
pub use self::extra::{Extra, InvalidExtra};
pub use self::label::Label;
pub use self::list::{Cursor, InvalidCursor, List, Listed, ListedState, Page, Which};
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
pub use self::sqlite::{SqliteStore, SqliteStoreError, SqliteStoreOptions, Synchronous};
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Outcome};
use crate::policy::Ttl;

/// What a step of a [`Store`] returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What [`Store::renew_all`] returns: the answer to each renewal, in their order.
pub type RenewalsFuture<'a> =
    Pin<Box<dyn Future<Output = Vec<Result<Fence, StoreError>>> + Send + 'a>>;

/// Keeps records.
///
/// Every step is one atomic decision about one record, made by the store on its own clock, and safe to repeat: a caller
/// whose acknowledgement was lost sends the same step again, at once and on another connection, and gets the same answer
/// (but for [`forget`](Self::forget), which leaves nothing behind to know it by). So nothing that hangs holds up its own
/// repetition.
///
/// A step whose future was dropped is done or not done, never half done. A step that was sent may also be done later,
/// even after other steps of the same attempt: each is refused then, or does what it would have done earlier. That is why
/// a claim is refused once its own attempt gave the record back.
///
/// To write one, see [`RowStore`], which makes the steps from two functions, and `docs/own-store.md` in the project's
/// repository, which goes through all of this for writers; to check one, see the
#[cfg_attr(feature = "test-util", doc = "[conformance suite](conformance).")]
#[cfg_attr(
    not(feature = "test-util"),
    doc = "conformance suite (feature `test-util`)."
)]
///
/// A record is *running* (an attempt holds it under a lease), *done* (it has an outcome) or *released* (it was given
/// back). A done record expires. A running one is *abandoned* when its lease ends; an abandoned one expires only where
/// its claim [said so](Claim::keep_abandoned). An expired or released record counts as absent.
///
/// # Errors
///
/// Each step fails with a [`StoreError`], whose kind says what may have happened.
pub trait Store: Any + fmt::Debug + Send + Sync {
    /// Takes the record for an attempt, or says what stands in the way.
    ///
    /// It looks at expiry, then the fingerprint, then the state, then the lease. A record that is held by this very
    /// attempt is [`Won`](Claimed::Won) again. One that this very attempt gave back is [`Withdrawn`](Claimed::Withdrawn).
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed>;

    /// Takes a claim back under which nothing ran, whether it took effect or not.
    ///
    /// A record that the claim made is released. One that it took over from an abandoned attempt is abandoned again, as
    /// if nobody had come by. Where the claim has not taken effect, the record is marked as released by this attempt, so
    /// that a claim that is still on its way finds the mark and is [refused](Claimed::Withdrawn). [`Lost`](Fence::Lost)
    /// means that the record is another attempt's, or done.
    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence>;

    /// Makes the lease of a running record last `lease` from now, though it may have run out. A lease of zero ends it
    /// at once: the record is abandoned.
    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence>;

    /// Renews the leases of several records, in one round trip where the store can. Each is renewed or refused by itself;
    /// one that fails doesn't fail the others.
    fn renew_all(&self, renewals: Vec<Renewal>) -> RenewalsFuture<'_> {
        let each = renewals
            .into_iter()
            .map(|it| self.renew(it.record, it.attempt, it.lease));
        Box::pin(join_all(each))
    }

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

    /// Gives a running record back. The attempt's mark stays for [`RELEASED_STAYS`](transition::RELEASED_STAYS).
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

    /// Reads a page of a listing, without the records' outcomes.
    ///
    /// A record that is there all the while is listed at least once in the pages of one listing.
    ///
    /// # Errors
    ///
    /// Also with an [`InvalidCursor`], as [not sent](StoreError::is_not_sent), where the store did not make the cursor.
    fn list(&self, list: List) -> StoreFuture<'_, Page>;

    /// Removes at most `limit` records that [count as absent](transition::Row::is_removable) and says how many. A store
    /// that removes them in its own time removes none here.
    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize>;

    /// What an acknowledged step survives, as the store's settings are now. A store that does not say is taken to survive
    /// nothing.
    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(std::future::ready(Ok(Survives::not_said())))
    }

    /// The store that this one wraps, where it is nothing but a wrapper: [`downcast_ref`](#method.downcast_ref) looks
    /// through it.
    fn wrapped(&self) -> Option<&dyn Store> {
        None
    }
}

impl dyn Store {
    /// The store as what it is, if it is a `T` or wraps one.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # {
    /// use std::sync::Arc;
    /// use idempotent_runtime::MemoryStore;
    /// use idempotent_runtime::store::Store;
    ///
    /// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    /// assert!(store.downcast_ref::<MemoryStore>().is_some());
    /// # }
    /// ```
    pub fn downcast_ref<T: Store>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref()
            .or_else(|| self.wrapped()?.downcast_ref())
    }
}

/// What an attempt asks for when it claims a record.
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::fingerprint::Fingerprint;
/// use idempotent_runtime::identity::{AttemptId, RecordId};
/// use idempotent_runtime::store::{Claim, Label, Takeover};
///
/// let record = RecordId::from_bytes([1; 32]);
/// let fingerprint = Fingerprint::from_bytes([2; 32]);
/// let claim = Claim::new(record, fingerprint, AttemptId::random(), Duration::from_secs(30))
///     .takeover(Takeover::Abandoned)
///     .label(Label::new("billing", "POST /orders"));
/// # drop(claim);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// What the record belongs to. A record keeps the label of the claim that made it.
    pub label: Label,
    /// How long the record is kept once its lease has ended and nobody comes back; `None`: until somebody settles it.
    ///
    /// A claim that is the [last](Takeover::UpTo) that may take over is kept until somebody settles it, whatever this
    /// says.
    pub keep_abandoned: Option<Duration>,
}

impl Claim {
    /// A claim that takes nothing over, without a label, whose record is kept until somebody settles it.
    pub fn new(
        record: RecordId,
        fingerprint: Fingerprint,
        attempt: AttemptId,
        lease: Duration,
    ) -> Self {
        Self {
            record,
            fingerprint,
            attempt,
            lease,
            takeover: Takeover::Never,
            label: Label::default(),
            keep_abandoned: None,
        }
    }

    /// Sets whether an abandoned record may be taken over.
    #[must_use]
    pub fn takeover(mut self, takeover: Takeover) -> Self {
        self.takeover = takeover;
        self
    }

    /// Sets what the record belongs to.
    #[must_use]
    pub fn label(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// Sets how long the record is kept once its lease has ended and nobody comes back.
    #[must_use]
    pub fn keep_abandoned(mut self, keep: Duration) -> Self {
        self.keep_abandoned = Some(keep);
        self
    }

    /// The same claim for another attempt.
    #[must_use]
    pub fn attempt(mut self, attempt: AttemptId) -> Self {
        self.attempt = attempt;
        self
    }

    /// How long the record is kept if this claim is abandoned as well, after so many others of its generation.
    pub(crate) fn keep_after(&self, abandoned: u32) -> Option<Duration> {
        match self.takeover {
            Takeover::UpTo(most) if abandoned.saturating_add(1) >= most => None,
            _ => self.keep_abandoned,
        }
    }
}

/// Whether a claim takes over an abandoned record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Takeover {
    /// No. The claim finds the record as it is.
    Never,
    /// Yes, whichever attempt left it.
    Abandoned,
    /// Only from the attempt that the caller saw.
    From(AttemptId),
    /// Yes, as long as fewer attempts of the record's generation than this have been abandoned. The one that holds the
    /// abandoned record counts.
    UpTo(u32),
}

/// The answer to a claim. There are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The record is the attempt's.
    Won(Won),
    /// The record is somebody else's, or done.
    Found(Record),
    /// This very attempt has given the record back, so it takes it no more. Only a claim that was overtaken by its own
    /// [`withdraw`](Store::withdraw) or [`release`](Store::release) is told so.
    Withdrawn,
}

/// What a winning claim returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Won {
    /// The first attempt of the record's generation: this one, unless the record was taken over.
    pub generation: AttemptId,
    /// How many attempts of the generation were abandoned before this one.
    pub abandoned: u32,
    /// The attempt from which the record was taken over, if it was.
    pub taken_from: Option<AttemptId>,
    /// What that attempt had published.
    pub provisional: Option<Outcome>,
}

impl Won {
    /// A record that this attempt made anew.
    pub fn anew(attempt: AttemptId) -> Self {
        Self {
            generation: attempt,
            abandoned: 0,
            taken_from: None,
            provisional: None,
        }
    }
}

/// A lease that is to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// The record.
    pub record: RecordId,
    /// The attempt that holds it.
    pub attempt: AttemptId,
    /// How long the lease shall last from now.
    pub lease: Duration,
}

impl Renewal {
    /// The renewal of this attempt's lease.
    pub fn new(record: RecordId, attempt: AttemptId, lease: Duration) -> Self {
        Self {
            record,
            attempt,
            lease,
        }
    }
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// What the request was that made it.
    pub fingerprint: Fingerprint,
    /// The attempt that holds it, or that made it what it is.
    pub attempt: AttemptId,
    /// How far it is.
    pub state: State,
    /// What it belongs to.
    pub label: Label,
    /// When it was first claimed, by the store's clock; unknown of a record that an earlier release made.
    pub claimed_at: Option<Timestamp>,
    /// The first attempt of its generation.
    pub generation: AttemptId,
    /// How many attempts of its generation were abandoned before the one that it names.
    pub abandoned: u32,
}

impl Record {
    /// A record in this state, without a label and with nothing known of how it began.
    pub fn new(fingerprint: Fingerprint, attempt: AttemptId, state: State) -> Self {
        Self {
            fingerprint,
            attempt,
            state,
            label: Label::default(),
            claimed_at: None,
            generation: attempt,
            abandoned: 0,
        }
    }
}

/// How far a record is. There are no other states.
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
#[non_exhaustive]
pub struct Completion {
    /// What the outcome means.
    pub disposition: Disposition,
    /// The outcome; absent where it is too large to keep.
    pub outcome: Option<Outcome>,
    /// How long to keep it, from when the store writes it.
    pub ttl: Ttl,
}

impl Completion {
    /// A completion with an outcome, or with `None` where it is too large to keep.
    pub fn new(disposition: Disposition, outcome: Option<Outcome>, ttl: Ttl) -> Self {
        Self {
            disposition,
            outcome,
            ttl,
        }
    }
}

/// How an abandoned record is settled. There are no other ways.
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
