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
/// Every step is one atomic decision about one record, made by the store on its own clock, and safe to repeat: a caller
/// whose acknowledgement was lost sends the same step again, at once and on another connection, and gets the same answer
/// (but for [`forget`](Self::forget), which leaves nothing behind to know it by). So nothing that hangs holds up its own
/// repetition.
///
/// A step whose future was dropped is done or not done, never half done. A step that was sent may also be done later,
/// even after other steps of the same attempt: each is refused then, or does what it would have done earlier. That is why
/// a claim is refused once its own attempt gave the record back.
///
/// To write one, see [`RowStore`](super::RowStore), which makes the steps from two functions, and `docs/own-store.md` in the project's
/// repository, which goes through all of this for writers; to check one, see the
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

    /// Gives a running record back. The attempt's mark stays for [`RELEASED_STAYS`](super::transition::RELEASED_STAYS).
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
    /// Also with an [`InvalidCursor`](super::InvalidCursor), as [not sent](StoreError::is_not_sent), where the store did not make the cursor.
    fn list(&self, list: List) -> StoreFuture<'_, Page>;

    /// Removes at most `limit` records that [count as absent](super::transition::Row::is_removable) and says how many. A store
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
