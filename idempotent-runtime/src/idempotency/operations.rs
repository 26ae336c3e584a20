//! What an operator or the application does to records.

use std::time::Duration;

use super::Idempotency;
use crate::clock::Clock;
use crate::digest::Fields;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Disposition;
use crate::policy::Ttl;
use crate::store::{Fence, List, Page, Record, Resolution, StoreError};

/// How long a step of an operator, or the checks before a handle serves, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a store answers in time.
pub(super) async fn in_time<T, E: From<StoreError>>(
    clock: &dyn Clock,
    steps: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::select! {
        biased;
        answer = steps => answer,
        () = clock.sleep(PATIENCE) => {
            Err(StoreError::unknown("the store did not answer within 30 seconds").into())
        }
    }
}

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
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(settle()).unwrap();
/// ```
impl Idempotency {
    /// What a record says; `None` if there is none, or it has expired or was given back.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or does not answer within 30 seconds, or the record cannot be read.
    pub async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        self.in_time(self.store().load(record)).await
    }

    /// Reads a page of a listing: of records that were abandoned, have run for long, are done or will expire.
    ///
    /// All namespaces of the store are listed, unless the listing [says otherwise](List::namespace).
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # async fn unsettled() -> Result<(), Box<dyn std::error::Error>> {
    /// # use idempotent_runtime::{Idempotency, MemoryStore};
    /// use idempotent_runtime::store::{List, Which};
    ///
    /// # let idempotency = Idempotency::new(MemoryStore::new());
    /// let mut list = List::new(Which::Abandoned).operation("POST /payments");
    /// loop {
    ///     let page = idempotency.list(list.clone()).await?;
    ///     for listed in &page.records {
    ///         println!("{} {}", listed.record, listed.label);
    ///     }
    ///     match page.next {
    ///         Some(next) => list = list.after(next),
    ///         None => break,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(unsettled()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or does not answer within 30 seconds, or did not make the listing's cursor.
    pub async fn list(&self, list: List) -> Result<Page, StoreError> {
        self.in_time(self.store().list(list)).await
    }

    /// Removes a record, whatever it says, if `seen` is still the attempt that it names: the next request with its key
    /// runs. An attempt that is running goes on, and its outcome will not be kept.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or does not answer within 30 seconds. Whether the record was removed is then unknown.
    pub async fn forget(&self, record: RecordId, seen: AttemptId) -> Result<Fence, StoreError> {
        self.in_time(self.store().forget(record, seen)).await
    }

    /// Settles a record whose outcome is unknown, if `seen` is still the attempt that it names: with an outcome, which
    /// every retry then gets, or by giving the key back. It does nothing to a record whose attempt still has its lease.
    ///
    /// The same call may be repeated, after an error too: where the first one settled the record, the repetition is
    /// answered [`Held`](Fence::Held) as well. A call with another resolution is then answered [`Lost`](Fence::Lost).
    ///
    /// # Errors
    ///
    /// If the store cannot be reached or does not answer within 30 seconds. Whether the record was settled is then unknown:
    /// repeat the call.
    pub async fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        resolution: Resolution,
    ) -> Result<Fence, StoreError> {
        let attempt = resolver(record, seen, &resolution);
        let resolve = self.store().resolve(record, seen, attempt, resolution);
        self.in_time(resolve).await
    }

    async fn in_time<T>(
        &self,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        in_time(&*self.settings().clock, step).await
    }
}

/// The attempt in whose name a record is settled: the same whenever the same call is made, so that the store knows a
/// repetition, and another for another resolution.
fn resolver(record: RecordId, seen: AttemptId, resolution: &Resolution) -> AttemptId {
    let mut fields = Fields::new(None, "idempotent/resolution/1");
    fields.push(record.as_bytes());
    fields.push(seen.as_bytes());
    match resolution {
        Resolution::Release => fields.push(b"release"),
        Resolution::Complete(completion) => {
            fields.push(b"complete");
            let disposition: &[u8] = match completion.disposition {
                Disposition::Completed => b"completed",
                Disposition::FailedFinal => b"failed_final",
                Disposition::FailedRetriable => b"failed_retriable",
            };
            fields.push(disposition);
            let ttl = match completion.ttl {
                Ttl::After(ttl) => Some(ttl.as_nanos().to_be_bytes()),
                Ttl::Forever => None,
            };
            fields.push_optional(ttl.as_ref().map(<[u8; 16]>::as_slice));
            fields.push(&[u8::from(completion.outcome.is_some())]);
            if let Some(outcome) = &completion.outcome {
                fields.push(&outcome.status().to_be_bytes());
                for (name, value) in outcome.headers().iter() {
                    fields.push(name.as_bytes());
                    fields.push(value);
                }
                fields.push(outcome.body());
            }
        }
    }
    let mut attempt = [0; 16];
    attempt.copy_from_slice(&fields.finish()[..16]);
    AttemptId::from_bytes(attempt)
}
