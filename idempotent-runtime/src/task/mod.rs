//! The door for any async function or method: queue consumers, jobs, tools.
//!
//! `#[idempotent]` runs the function's body at most once for each key, and gives every duplicate's caller the recorded value,
//! typed. The function is called as before, and keeps its signature, but for an [`Attempt`] argument, which callers don't
//! pass.
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # {
//! use idempotent_runtime::task::{Rejection, idempotent};
//! use idempotent_runtime::{Idempotency, MemoryStore};
//! use serde::{Deserialize, Serialize};
//!
//! struct Event { id: String, tenant: u64, amount: u64 }
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Receipt { number: u64 }
//!
//! #[derive(Debug)]
//! enum JobError { Rejected(Rejection) }
//!
//! impl From<Rejection> for JobError {
//!     fn from(rejection: Rejection) -> Self {
//!         Self::Rejected(rejection)
//!     }
//! }
//!
//! struct Worker { idempotency: Idempotency }
//!
//! impl Worker {
//!     #[idempotent(
//!         key = event.id,
//!         scope = event.tenant,
//!         operation = "write receipt",
//!         fingerprint = event.amount,
//!         store = self.idempotency
//!     )]
//!     async fn write_receipt(&self, event: &Event) -> Result<Receipt, JobError> {
//!         Ok(Receipt { number: event.amount })
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let worker = Worker { idempotency: Idempotency::new(MemoryStore::new()) };
//! let event = Event { id: "evt-1".to_owned(), tenant: 7, amount: 1299 };
//! let first = worker.write_receipt(&event).await.unwrap();
//! // The queue delivers it again.
//! assert_eq!(worker.write_receipt(&event).await.unwrap(), first);
//! # });
//! # }
//! ```
//!
//! # What is recorded
//!
//! A value is recorded as JSON, so it implements `Serialize` and `DeserializeOwned`. Of a `Result`, a value is recorded as
//! completed. An error that implements both as well is recorded and replayed, unless `release = failures` gives the key back;
//! any other error gives the key back, so that the next delivery runs again.
//!
//! # Refusals
//!
//! A call that may not run and has no value to give, because another one is running or the key was used for other arguments,
//! gives a [`Rejection`]: as the error, which must implement `From<Rejection>`, or as the value itself where the function
//! returns no `Result`.
//!
//! # Cancellation
//!
//! The body runs where the function is awaited, since it may borrow. **Dropping the future abandons the attempt**: a duplicate
//! may run it again, or not, as `abandoned` says. Spawn the call where it must come to its end. A panic and a deadline that
//! passes abandon the attempt as well.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod attempt;
mod call;
mod rejection;
mod value;

pub use idempotent_macros::task as idempotent;

pub use self::attempt::Attempt;
pub use self::rejection::Rejection;
pub use crate::attempt::PublishError;
