//! What an operator or the application does to single records.

use super::Idempotency;
use crate::engine::ask;
use crate::identity::{AttemptId, RecordId};
use crate::store::{Fence, Record, Resolution, StoreError};

/// Records are named by their [`RecordId`], which stands in the log wherever something happened to one.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # async fn settle() -> Result<(), Box<dyn std::error::Error>> {
/// # use idempotent_runtime::{Idempotency, MemoryStore};
/// use idempotent_runtime::identity::RecordId;
/// use idempotent_runtime::Disposition;
/// use idempotent_runtime::outcome::{Headers, Outcome};
/// use idempotent_runtime::policy::Ttl;
/// use idempotent_runtime::store::{Completion, Resolution, State};
///
/// # let idempotency = Idempotency::new(MemoryStore::new());
/// # let from_the_log = "0".repeat(64);
/// let id: RecordId = from_the_log.parse()?;
/// if let Some(record) = idempotency.load(id).await?
///     && let State::Running { abandoned: true, .. } = record.state
/// {
///     # let nothing_was_charged = true;
///     let resolution = if nothing_was_charged {
///         // The next retry may run.
///         Resolution::Release
///     } else {
///         // Every retry gets this answer.
///         let headers = Headers::pack([("content-type", b"application/json".as_slice())])?;
///         let outcome = Outcome::new(201, headers, r#"{"charge":"ch_1"}"#);
///         Resolution::Complete(Completion::new(
///             Disposition::Completed,
///             Some(outcome),
///             Ttl::hours(24),
///         ))
///     };
///     let _ = idempotency.resolve(id, record.attempt, resolution).await?;
/// }
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(settle()).unwrap();
/// ```
impl Idempotency {
    /// What a record says; `None` if there is none, or it has expired or was given back.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached, or does not answer within five seconds, or the record not be read.
    pub async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        ask(&*self.settings().clock, self.store().load(record)).await
    }

    /// Removes a record, whatever it says, if `seen` is still the attempt that it names: the next request with its key
    /// runs. An attempt that is running goes on, and its outcome will not be kept.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached, or does not answer within five seconds. Whether the record was removed is then unknown.
    pub async fn forget(&self, record: RecordId, seen: AttemptId) -> Result<Fence, StoreError> {
        ask(&*self.settings().clock, self.store().forget(record, seen)).await
    }

    /// Settles a record whose outcome is unknown, if `seen` is still the attempt that it names: with an outcome, which
    /// every retry then gets, or by giving the key back. It does nothing to a record whose attempt still has its lease.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached, or does not answer within five seconds. Whether the record was settled is then unknown.
    pub async fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        resolution: Resolution,
    ) -> Result<Fence, StoreError> {
        let attempt = AttemptId::random();
        let resolve = self.store().resolve(record, seen, attempt, resolution);
        ask(&*self.settings().clock, resolve).await
    }
}
