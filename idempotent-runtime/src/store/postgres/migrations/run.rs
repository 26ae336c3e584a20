//! Running migrations, with a limit to every wait.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Row as _};

use super::concurrently::build;
use super::{Migration, lock, of};
use crate::store::postgres::error::{Locked, NewerSchema, PostgresStoreError, waited_for_lock};
use crate::store::postgres::options::{Layout, Names};
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::connections::{Connections, Lane, answer};

/// Runs what the database has not seen. Whoever else does so at the same time waits.
pub(in crate::store::postgres) async fn run(
    connections: &Connections<Postgres>,
    names: &Names,
    layout: Layout,
) -> Result<(), PostgresStoreError> {
    let migrations = of(names, layout);
    let mut lease = lease(connections, Lane::Claims).await?;
    let seen = in_transaction(lease.connection(), names, &migrations).await?;
    // An error above leaves the connection where it is: closed.
    let _ = lease.answered(Ok(()));
    for migration in migrations.iter().filter(|it| it.version > seen) {
        build(connections, names, migration).await?;
    }
    Ok(())
}

pub(super) async fn lease(
    connections: &Connections<Postgres>,
    lane: Lane,
) -> Result<crate::store::sql::connections::Acquired<Postgres>, PostgresStoreError> {
    connections
        .acquire(lane)
        .await
        .map_err(PostgresStoreError::migrate)
}

/// Runs all that can be, and says which was the last that the database has seen then. Tables that are made in the same
/// transaction are used by nobody yet, so there an index is built like anything else.
async fn in_transaction(
    connection: &mut PgConnection,
    names: &Names,
    migrations: &[Migration],
) -> Result<i64, PostgresStoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let begun = answer(connection.begin()).await;
    let mut transaction = begun.map_err(failed)?;
    let lock = lock(names);
    // Others may hold the lock while they change the table. Those wait for five seconds at most.
    let locked =
        format!("SET LOCAL lock_timeout = '15s'; SELECT pg_advisory_xact_lock({lock})::text");
    send(&mut transaction, &locked).await?;
    let found = version(&mut transaction, names).await?;
    if found > known {
        return Err(PostgresStoreError::migrate(NewerSchema { found, known }));
    }
    let mut seen = found;
    for migration in migrations.iter().filter(|it| it.version > found) {
        if !migration.runs_in_transaction() && found > 0 {
            break;
        }
        let text = migration.sql.replace(" CONCURRENTLY", "");
        send(&mut transaction, &text).await?;
        seen = migration.version;
    }
    answer(transaction.commit()).await.map_err(failed)?;
    Ok(seen)
}

/// The last migration that the database has seen; 0 where it has seen none.
pub(super) async fn version(
    connection: &mut PgConnection,
    names: &Names,
) -> Result<i64, PostgresStoreError> {
    let versions = names.beside("_migrations");
    let exists = format!("SELECT to_regclass('{versions}') IS NOT NULL");
    if !first(&send(connection, &exists).await?)? {
        return Ok(0);
    }
    let last = format!("SELECT coalesce(max(version), 0) FROM {versions}");
    first(&send(connection, &last).await?)
}

/// The first value of an answer.
pub(super) fn first<'r, T>(rows: &'r [PgRow]) -> Result<T, PostgresStoreError>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    let row = rows.first().ok_or(sqlx::Error::RowNotFound);
    row.and_then(|row| row.try_get(0)).map_err(failed)
}

/// Text alone: a pooler may not know of prepared statements.
pub(super) async fn send(
    connection: &mut PgConnection,
    text: &str,
) -> Result<Vec<PgRow>, PostgresStoreError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
    answer(query.fetch_all(connection)).await.map_err(failed)
}

pub(super) fn failed(error: sqlx::Error) -> PostgresStoreError {
    if waited_for_lock(&error) {
        return PostgresStoreError::migrate(Locked::new(error));
    }
    PostgresStoreError::migrate(SqlxCause::new(error))
}
