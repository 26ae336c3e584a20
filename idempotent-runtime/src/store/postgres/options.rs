//! How a store is set up.

use super::error::PostgresStoreError;
use super::layout::Layout;
use super::migrations;
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;
use crate::store::sql::options::{Settings, settings_setters};
use crate::store::sql::protocol::Protocol;
use crate::store::sql::setup_error::SetupError;

/// How a [`PostgresStore`](crate::PostgresStore) is set up.
///
/// ```no_run
/// use idempotent_runtime::store::PostgresStoreOptions;
/// use idempotent_runtime::store::postgres::Layout;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStoreOptions::new()
///     .schema("billing")
///     .table("idempotency")
///     .layout(Layout::PartitionedByDay)
///     .max_connections(32)
///     .connect("postgres://app@db.internal/app")
///     .await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is connected before `connect` or `with_pool`"]
pub struct PostgresStoreOptions {
    pub(super) settings: Settings,
    pub(super) layout: Layout,
}

impl PostgresStoreOptions {
    /// The table `idempotency_records` in the first schema of the connection's search path, in the
    /// [plain](Layout::Plain) layout, with [prepared](Protocol::Prepared) statements and at most 16 connections.
    pub fn new() -> Self {
        Self::default()
    }

    settings_setters! {
        /// Sets the table's schema. The same rules hold for its name as for the table's.
        /// [`migrate`](crate::PostgresStore::migrate) creates the schema if there is none.
    }

    /// Sets how records lie in the database. To change it later, use another table.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// The migrations, for teams that run them by themselves. Each records its own version, so
    /// [`migrate`](crate::PostgresStore::migrate) knows that it has run. Not all of them can run in a
    /// [transaction](Migration::runs_in_transaction).
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if a name is invalid.
    ///
    /// ```
    /// use idempotent_runtime::store::PostgresStoreOptions;
    ///
    /// for migration in PostgresStoreOptions::new().migrations()? {
    ///     println!("-- {}\n{}", migration.name(), migration.sql());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> Result<Vec<Migration>, PostgresStoreError> {
        Ok(migrations::of(&self.names()?, self.layout))
    }

    /// The names, once they are checked.
    pub(super) fn names(&self) -> Result<Names, SetupError> {
        self.settings.names::<sqlx::Postgres>()
    }
}
