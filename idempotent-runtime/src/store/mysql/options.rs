//! How a store is set up.

use super::error::MySqlStoreError;
use super::migrations;
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;
use crate::store::sql::options::{Settings, settings_setters};
use crate::store::sql::protocol::Protocol;
use crate::store::sql::setup_error::SetupError;

/// How a [`MySqlStore`](crate::MySqlStore) is set up.
///
/// ```no_run
/// use idempotent_runtime::store::MySqlStoreOptions;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MySqlStoreOptions::new()
///     .schema("billing")
///     .table("idempotency")
///     .max_connections(32)
///     .connect("mysql://app@db.internal/app")
///     .await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is connected before `connect` or `with_pool`"]
pub struct MySqlStoreOptions {
    pub(super) settings: Settings,
}

impl MySqlStoreOptions {
    /// The table `idempotency_records` in the connection's database, with [prepared](Protocol::Prepared) statements and
    /// at most 16 connections.
    pub fn new() -> Self {
        Self::default()
    }

    settings_setters! {
        /// Sets the database that contains the table. The same rules hold for its name as for the table's. It must
        /// exist.
    }

    /// The migrations, for teams that run them by themselves. Each records its own version, so
    /// [`migrate`](crate::MySqlStore::migrate) knows that it has run.
    ///
    /// # Errors
    ///
    /// [`MySqlStoreError`] if a name is invalid.
    ///
    /// ```
    /// use idempotent_runtime::store::MySqlStoreOptions;
    ///
    /// for migration in MySqlStoreOptions::new().migrations()? {
    ///     println!("-- {}\n{}", migration.name(), migration.sql());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> Result<Vec<Migration>, MySqlStoreError> {
        Ok(migrations::of(&self.names()?))
    }

    /// The names, once they are checked.
    pub(super) fn names(&self) -> Result<Names, SetupError> {
        self.settings.names::<sqlx::MySql>()
    }
}
