//! Records in a PostgreSQL database.

mod arguments;
mod connect;
mod dialect;
mod error;
mod layout;
mod migrations;
mod options;
mod owner;
mod pages;
mod partitions;
mod rows;
mod statements;
mod steps;
mod store;
mod survives;
mod wire;

pub use self::error::PostgresStoreError;
pub use self::layout::Layout;
pub use self::options::PostgresStoreOptions;
pub use self::store::PostgresStore;
pub use super::sql::migration::Migration;
pub use super::sql::protocol::Protocol;
