//! Records in a SQLite file.

mod connection;
mod error;
mod lanes;
mod options;
mod pages;
mod rows;
mod schema;
mod step;
mod store;
#[cfg(test)]
mod tests;
mod texts;
mod writer;

pub use self::error::SqliteStoreError;
pub use self::options::{SqliteStoreOptions, Synchronous};
pub use self::store::SqliteStore;
