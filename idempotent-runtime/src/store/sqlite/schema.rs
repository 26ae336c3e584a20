//! The tables, and how a file gets them.
//!
//! A table of their own keeps these migrations apart from an application's migrations in the same file. sqlx's
//! migrator takes no lock on SQLite, so two processes that open a new file at once would both run the first migration.
//! Here, whoever holds the write lock checks again before running any.

use sqlx::{Connection as _, SqliteConnection};

use crate::clock::Timestamp;
use crate::store::sql::schema::{NewerSchema, check_version};

/// In their order, from version 1 on. A published one is never changed.
const MIGRATIONS: [&str; 2] = [
    include_str!("migrations/0001_records.sql"),
    include_str!("migrations/0002_generations.sql"),
];

const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS idempotency_migrations (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT";

#[derive(Debug, thiserror::Error)]
pub(super) enum MigrationError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Newer(#[from] NewerSchema),
}

/// Brings the file up to the schema of this release.
pub(super) async fn migrate(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<(), MigrationError> {
    if version(connection).await? == MIGRATIONS.len() {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = version(&mut transaction).await?;
    sqlx::query(VERSIONS).execute(&mut *transaction).await?;
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(found) {
        sqlx::raw_sql(migration).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO idempotency_migrations (version, applied_at) VALUES (?, ?)")
            .bind(version)
            .bind(now.as_millis())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// How many migrations the file has seen.
async fn version(connection: &mut SqliteConnection) -> Result<usize, MigrationError> {
    let versions: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'idempotency_migrations'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if versions == 0 {
        return Ok(0);
    }
    let found: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM idempotency_migrations")
            .fetch_one(&mut *connection)
            .await?;
    check_version(found, i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    Ok(usize::try_from(found).unwrap_or_default())
}
