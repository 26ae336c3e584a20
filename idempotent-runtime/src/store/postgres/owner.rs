//! Whether the role can make and drop days. It is found out when the store is opened, and not three days later.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::error::{NotOwner, PostgresStoreError};
use super::options::Names;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::connections::answer;

/// Where there is no table yet, there is nothing to say against it.
pub(super) async fn check(
    connection: &mut PgConnection,
    names: &Names,
) -> Result<(), PostgresStoreError> {
    let failed = |error| PostgresStoreError::migrate(SqlxCause::new(error));
    let table = names.table();
    let query = sqlx::raw_sql(AssertSqlSafe(format!(
        "SELECT pg_has_role(c.relowner, 'USAGE'), current_user::text, pg_get_userbyid(c.relowner)::text \
         FROM pg_class c WHERE c.oid = to_regclass('{table}')"
    )));
    let row = answer(query.fetch_optional(connection))
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(()) };
    if row.try_get(0).map_err(failed)? {
        return Ok(());
    }
    Err(PostgresStoreError::owner(NotOwner {
        role: row.try_get(1).map_err(failed)?,
        owner: row.try_get(2).map_err(failed)?,
        table,
    }))
}
