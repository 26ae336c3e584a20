//! Runs annotated handlers at most once per idempotency key and replays the recorded outcome to every retry.

// The engine is called by doors alone, and is the same whichever there are.
#![cfg_attr(not(feature = "axum"), allow(dead_code, unused_imports))]

#[cfg(feature = "axum")]
pub mod axum;
pub mod clock;
mod digest;
mod engine;
pub mod fingerprint;
pub mod idempotency;
pub mod identity;
mod key;
pub mod outcome;
pub mod policy;
mod refusal;
pub mod scope;
pub mod store;

pub use self::idempotency::{BuildError, Idempotency, IdempotencyBuilder};
pub use self::outcome::Disposition;
pub use self::policy::Policy;
pub use self::refusal::Code;
pub use self::scope::ScopeKey;
#[cfg(feature = "memory")]
pub use self::store::MemoryStore;
#[cfg(feature = "sqlite")]
pub use self::store::{SqliteOpenError, SqliteStore};
