//! Records in a file of SQLite's.

/// Placeholder.
#[derive(Debug)]
pub struct SqliteStore;
/// Placeholder.
#[derive(Debug)]
pub struct SqliteStoreOptions;
/// Placeholder.
#[derive(Debug)]
pub struct Synchronous;
