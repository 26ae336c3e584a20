//! How a store gets its connections.

use sqlx::postgres::PgPool;
use sqlx::{ConnectOptions as _, Connection as _, Postgres};

use super::error::PostgresStoreError;
use super::layout::Layout;
use super::options::PostgresStoreOptions;
use super::owner;
use super::store::PostgresStore;
use crate::store::sql::connections::Connections;
use crate::store::sql::options::{PATIENCE, connect, parse_url};

impl PostgresStoreOptions {
    /// Connects to the server at this URL, `postgres://user:password@host:port/database`. It creates nothing there: call
    /// [`migrate`](PostgresStore::migrate).
    ///
    /// `?sslmode=verify-full` requires TLS with a certificate for that host. It needs the feature `tls`. Without an
    /// `sslmode`, connections are encrypted if both sides can do it, and unencrypted otherwise.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if the URL isn't that of a PostgreSQL server, the server refuses or can't be reached within
    /// five seconds, or a name is invalid. In the [layout by days](Layout::PartitionedByDay) also if the table exists and
    /// the role doesn't own it. No error contains the URL or the password.
    pub async fn connect(self, url: &str) -> Result<PostgresStore, PostgresStoreError> {
        let names = self.names()?;
        // What PgBouncer doesn't know, it refuses.
        let options = parse_url::<Postgres>(url)?
            .extra_float_digits(None)
            .disable_statement_logging();
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let mut first = connect::<Postgres>(&options, &place).await?;
        if self.layout == Layout::PartitionedByDay {
            owner::check(&mut first, &names).await?;
        }
        // It worked, so it doesn't matter how it ends.
        let _ = tokio::time::timeout(PATIENCE, first.close()).await;
        let connections = Connections::own(options, self.settings.max_connections);
        Ok(PostgresStore::with_options(self, names, connections))
    }

    /// Uses the application's own connection pool.
    ///
    /// Prefer [`connect`](Self::connect), which gives the store a few connections of its own. If handlers and their
    /// extractors use this pool too, as many requests as it has connections can each hold one while their claims wait for
    /// another. All of them then fail. The same happens with duplicates that wait. A step that gets no connection within
    /// the pool's own timeout fails as [not sent](crate::store::StoreError::is_not_sent). If the server refuses
    /// connections, the pool keeps trying until that timeout, while the store's own connections fail at once. An idle
    /// connection that fell silent goes undetected until a step has waited for it.
    ///
    /// The pool's sessions may have any settings, as long as they commit by themselves. `test_before_acquire(false)` saves
    /// one round trip per step. If the pool logs its statements, [`Protocol::Simple`](super::Protocol::Simple) puts response bodies into the log.
    ///
    /// # Errors
    ///
    /// [`PostgresStoreError`] if a name is invalid.
    pub fn with_pool(self, pool: PgPool) -> Result<PostgresStore, PostgresStoreError> {
        let names = self.names()?;
        Ok(PostgresStore::with_options(
            self,
            names,
            Connections::applications(pool),
        ))
    }
}
