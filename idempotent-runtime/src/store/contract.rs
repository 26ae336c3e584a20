//! What a store promises.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;

use super::{
    Claim, Claimed, Completion, Fence, List, Page, Record, Renewal, Resolution, StoreError,
    Survives,
};
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;

/// What a step of a [`Store`] returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What [`Store::renew_all`] returns: the answer to each renewal, in their order.
pub type RenewalsFuture<'a> =
    Pin<Box<dyn Future<Output = Vec<Result<Fence, StoreError>>> + Send + 'a>>;

/// Keeps records.
///
/// Every step is one atomic decision about one record. The store makes it on its own clock. A step is safe to repeat:
/// a caller that lost the acknowledgement sends the same step again, at once and on another connection, and gets the
/// same answer. The exception is [`forget`](Self::forget), which leaves nothing behind that would show it. So a step
/// that hangs never holds up its own repetition.
///
/// A step whose future was dropped is carried out or not, but never by half. A step that was sent may also take effect
/// later, even after other steps of the same attempt. It is then refused, or does what it would have done earlier.
/// That is why a claim is refused once its own attempt gave the record back.
///
/// To write a store, see [`RowStore`](super::RowStore), which makes the steps from a few functions, and
/// `docs/own-store.md` in the project's repository, which explains all of this for writers. To check one, see the
#[cfg_attr(
    feature = "test-util",
    doc = "[conformance suite](super::conformance)."
)]
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
    /// Takes the record for an attempt, or says why it can't.
    ///
    /// It checks expiry, then the fingerprint, then the state, then the lease. If this very attempt holds the record,
    /// it is [`Won`](Claimed::Won) again. If this very attempt gave it back, it is [`Withdrawn`](Claimed::Withdrawn).
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed>;

    /// Takes the step of [`claim`](Self::claim) now, if the store doesn't have to wait for anything. `None`: it did nothing,
    /// and `claim` is to be asked.
    ///
    /// It is called where a thread must not be blocked. A store that needs a network, a disk or another thread keeps this
    /// default.
    fn claim_now(&self, claim: &Claim) -> Option<Claimed> {
        let _ = claim;
        None
    }

    /// Takes a claim back under which nothing ran, whether it took effect or not.
    ///
    /// A record that the claim made is released. One that it took over from an abandoned attempt is abandoned again,
    /// as if nobody had claimed it. If the claim hasn't taken effect, the record is marked as released by this
    /// attempt, so a claim that is still on its way finds the mark and is [refused](Claimed::Withdrawn).
    /// [`Lost`](Fence::Lost) means that the record is another attempt's, or done.
    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence>;

    /// Makes the lease of a running record last `lease` from now, even if it has run out. A lease of zero ends it at
    /// once, and the record is abandoned.
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

    /// Makes a running record done, even if its lease has run out.
    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence>;

    /// Takes the step of [`complete`](Self::complete) now, as [`claim_now`](Self::claim_now) does that of `claim`. `None`: it
    /// did nothing.
    fn complete_now(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: &Completion,
    ) -> Option<Fence> {
        let _ = (record, attempt, completion);
        None
    }

    /// Gives a running record back. The attempt's mark stays for [`RELEASED_STAYS`](super::transition::RELEASED_STAYS).
    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence>;

    /// Reads a record.
    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>>;

    /// Removes a record in any state, if it still names the attempt `seen`.
    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence>;

    /// Settles an abandoned record, if it still names the attempt `seen`. The record then names `attempt`, so the
    /// abandoned attempt can't complete it any more.
    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence>;

    /// Reads a page of a listing, without the records' outcomes.
    ///
    /// A record that exists throughout a listing appears on its pages at least once.
    ///
    /// # Errors
    ///
    /// Also with an [`InvalidCursor`](super::InvalidCursor), as [not sent](StoreError::is_not_sent), if the cursor
    /// isn't one that the store made.
    fn list(&self, list: List) -> StoreFuture<'_, Page>;

    /// Removes at most `limit` records that [count as absent](super::transition::Row::is_removable) and returns how
    /// many. A store that expires records by itself removes none here.
    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize>;

    /// What an acknowledged step survives with the store's current settings. By default, a store counts as surviving
    /// nothing.
    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(std::future::ready(Ok(Survives::not_said())))
    }

    /// The store that this one wraps, if it is only a wrapper. [`downcast_ref`](#method.downcast_ref) looks through
    /// it.
    fn wrapped(&self) -> Option<&dyn Store> {
        None
    }
}

impl dyn Store {
    /// The store as a `T`, if it is one or wraps one.
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
