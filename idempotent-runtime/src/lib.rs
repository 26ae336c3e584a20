//! One attribute on a handler: for one key, within one scope, the work is done once and every retry gets the same
//! outcome. A policy that cannot hold does not compile.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "memory"))]
//! # mod app {
//! use axum::http::StatusCode;
//! use axum::routing::post;
//! use axum::{Extension, Json, Router};
//! use idempotent_runtime::axum::idempotent;
//! use idempotent_runtime::{Idempotency, MemoryStore, ScopeKey};
//! use serde_json::Value;
//!
//! #[derive(Clone, ScopeKey)]
//! struct OrgId(u64);
//!
//! #[idempotent(key = header("X-Idempotency-Key"), scope = org, ttl = "24h")]
//! async fn create_task(Extension(org): Extension<OrgId>, Json(task): Json<Value>) -> (StatusCode, Json<Value>) {
//!     (StatusCode::CREATED, Json(task))
//! }
//!
//! pub fn app() -> Router {
//!     Router::new().route("/tasks", post(create_task)).layer(Idempotency::new(MemoryStore::new()))
//! }
//! # }
//! ```
//!
//! Start with the attribute, [`axum::idempotent`], whose page lists every option; then [`Idempotency`], the handle that
//! an application installs, and a store for it, [`SqliteStore`] or [`MemoryStore`]. Settings that endpoints share are a
//! [`Policy`]; which responses can be replayed says [`axum::Replay`]; whose key it is, [`ScopeKey`]; what a handler can
//! ask of its own attempt, [`axum::Attempt`].
//!
//! # When an outcome is unknown
//!
//! An attempt that ended without an outcome (its process died, it panicked, it passed its deadline) is *abandoned*. Under
//! `abandoned = rerun` the next retry runs the handler again. Under `abandoned = refuse` retries are refused until
//! somebody settles the record: its id stands in the log, at the level `WARN` or above, and [`Idempotency::resolve`]
//! completes it or gives its key back.

#[cfg(feature = "actix")]
pub mod actix;
pub mod attempt;
#[cfg(feature = "axum")]
pub mod axum;
pub mod clock;
mod digest;
mod engine;
pub mod fingerprint;
mod hex;
#[cfg(feature = "web")]
mod http;
pub mod idempotency;
pub mod identity;
#[cfg(feature = "web")]
mod json_pointer;
mod key;
mod operation;
pub mod outcome;
pub mod policy;
mod refusal;
pub mod scope;
pub mod store;
pub mod task;

pub use self::idempotency::{BuildError, Idempotency, IdempotencyBuilder};
pub use self::outcome::Disposition;
pub use self::policy::Policy;
pub use self::refusal::Code;
pub use self::scope::ScopeKey;
#[cfg(feature = "memory")]
pub use self::store::MemoryStore;
#[cfg(feature = "mysql")]
pub use self::store::MySqlStore;
#[cfg(feature = "postgres")]
pub use self::store::PostgresStore;
#[cfg(feature = "redis")]
pub use self::store::RedisStore;
#[cfg(feature = "sqlite")]
pub use self::store::{SqliteStore, SqliteStoreError};
