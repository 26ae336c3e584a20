//! Whether the role can create and drop partitions. The store checks this when it is opened, rather than failing three
//! days later.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::error::NotOwner;
use crate::store::sql::cause::SqlxCause;
use crate::store::sql::connections::answer;
use crate::store::sql::names::Names;
use crate::store::sql::setup_error::SetupError;

/// Passes if there is no table yet.
pub(super) async fn check(connection: &mut PgConnection, names: &Names) -> Result<(), SetupError> {
    let failed = |error| SetupError::migrate(SqlxCause::new(error));
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
    Err(NotOwner {
        role: row.try_get(1).map_err(failed)?,
        owner: row.try_get(2).map_err(failed)?,
        table,
    }
    .into())
}
