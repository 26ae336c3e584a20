//! Records in a MySQL or MariaDB database.

mod arguments;
mod connect;
mod dialect;
mod error;
mod migrations;
mod options;
mod pages;
mod rows;
mod statements;
mod steps;
mod store;
mod survives;
mod wire;

pub use self::error::MySqlStoreError;
pub use self::options::MySqlStoreOptions;
pub use self::store::MySqlStore;
pub use super::sql::migration::Migration;
pub use super::sql::protocol::Protocol;
