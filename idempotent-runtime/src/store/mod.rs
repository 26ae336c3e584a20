//! Where records are kept.
//!
//! A store keeps one record per [`RecordId`](crate::identity::RecordId) and offers ten steps on it. Each is one atomic
//! decision and one round trip. What every step does to a record is written once, in [`transition`]. A store that can
//! run code under a lock, in a transaction or before a conditional write is a [`RowStore`], and uses it as it is.

mod claim;
#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "redis"
))]
mod columns;
#[cfg(feature = "test-util")]
pub mod conformance;
mod contract;
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
mod record;
#[cfg(feature = "redis")]
mod redis;
mod row_store;
mod shared;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod step;
pub mod transition;

pub use self::claim::{Claim, Claimed, Takeover, Won};
pub use self::contract::{RenewalsFuture, Store, StoreFuture};
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
pub use self::record::{Record, State};
#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, RedisStoreError, RedisStoreOptions};
pub use self::row_store::RowStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::{SqliteStore, SqliteStoreError, SqliteStoreOptions, Synchronous};
pub use self::step::{Completion, Fence, Renewal, Resolution};
