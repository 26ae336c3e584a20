//! The database: the application's tables and, beside them, the records of idempotent calls.

use std::time::Duration;

use idempotent_runtime::store::postgres::PostgresStoreError;
use idempotent_runtime::{Idempotency, PostgresStore};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the database at this URL, and creates the application's tables if necessary.
///
/// # Errors
///
/// If the server can't be reached or refuses.
pub async fn open(url: &str) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(PATIENCE)
        .connect(url)
        .await?;
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&pool)
        .await?;
    Ok(pool)
}

/// Opens the store of the records in the same database, with a few connections of its own.
///
/// # Errors
///
/// If the server can't be reached or refuses.
pub async fn idempotency(url: &str) -> Result<Idempotency, PostgresStoreError> {
    let store = PostgresStore::connect(url).await?;
    store.migrate().await?;
    Ok(Idempotency::new(store))
}
