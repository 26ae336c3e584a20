//! Runs annotated handlers at most once per idempotency key and replays the recorded outcome to every retry.

pub mod clock;
mod digest;
pub mod fingerprint;
pub mod identity;
pub mod outcome;
pub mod policy;
pub mod scope;
pub mod store;

pub use self::outcome::Disposition;
pub use self::policy::Policy;
pub use self::scope::ScopeKey;
#[cfg(feature = "memory")]
pub use self::store::MemoryStore;
#[cfg(feature = "sqlite")]
pub use self::store::SqliteStore;
