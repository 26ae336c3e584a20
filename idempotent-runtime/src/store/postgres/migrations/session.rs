//! What migrations send and read.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

use crate::store::postgres::error::migration_failed;
use crate::store::sql::connections::{Acquired, Connections, answer};
use crate::store::sql::lane::Lane;
use crate::store::sql::names::Names;
use crate::store::sql::setup_error::SetupError;

pub(super) async fn acquire(
    connections: &Connections<Postgres>,
    lane: Lane,
) -> Result<Acquired<Postgres>, SetupError> {
    let acquired = connections.acquire(lane).await;
    acquired.map_err(SetupError::migrate)
}

/// The version of the last migration that the database has seen, or 0 if it has seen none.
pub(super) async fn version(
    connection: &mut PgConnection,
    names: &Names,
) -> Result<i64, SetupError> {
    let versions = names.beside("_migrations");
    let exists = format!("SELECT to_regclass('{versions}') IS NOT NULL");
    if !first(&send(connection, &exists).await?)? {
        return Ok(0);
    }
    let last = format!("SELECT coalesce(max(version), 0) FROM {versions}");
    first(&send(connection, &last).await?)
}

/// The first value of an answer.
pub(super) fn first<'r, T>(rows: &'r [PgRow]) -> Result<T, SetupError>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    let row = rows.first().ok_or(sqlx::Error::RowNotFound);
    row.and_then(|row| row.try_get(0)).map_err(migration_failed)
}

/// Sends a text, since a pooler may not know prepared statements.
pub(super) async fn send(
    connection: &mut PgConnection,
    text: &str,
) -> Result<Vec<PgRow>, SetupError> {
    let query = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
    answer(query.fetch_all(connection))
        .await
        .map_err(migration_failed)
}
