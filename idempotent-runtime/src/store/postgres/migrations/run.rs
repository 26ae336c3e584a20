//! Running migrations. Every wait has a limit.

use sqlx::{Connection as _, PgConnection, Postgres};

use super::concurrently::build;
use super::session::{acquire, send, version};
use super::texts::{lock, of};
use crate::store::postgres::error::migration_failed;
use crate::store::postgres::layout::Layout;
use crate::store::sql::connections::{Connections, answer};
use crate::store::sql::lane::Lane;
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;
use crate::store::sql::schema::check_version;
use crate::store::sql::setup_error::SetupError;

/// Runs the migrations that the database hasn't seen. Others who do so at the same time wait.
pub(in crate::store::postgres) async fn run(
    connections: &Connections<Postgres>,
    names: &Names,
    layout: Layout,
) -> Result<(), SetupError> {
    let migrations = of(names, layout);
    let mut acquired = acquire(connections, Lane::Claims).await?;
    let seen = in_transaction(acquired.connection(), names, &migrations).await?;
    // An error above leaves the connection as it is, so it is closed.
    let _ = acquired.answered(Ok(()));
    for migration in migrations.iter().filter(|it| it.version() > seen) {
        build(connections, names, migration).await?;
    }
    Ok(())
}

/// Runs all migrations that can run in a transaction, and returns the version of the last one that the database has
/// seen by then. Nobody uses tables that are made in the same transaction, so an index on them is built like anything
/// else.
async fn in_transaction(
    connection: &mut PgConnection,
    names: &Names,
    migrations: &[Migration],
) -> Result<i64, SetupError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let begun = answer(connection.begin()).await;
    let mut transaction = begun.map_err(migration_failed)?;
    let lock = lock(names);
    // Others may hold the lock while they change the table. Those wait for five seconds at most.
    let locked =
        format!("SET LOCAL lock_timeout = '15s'; SELECT pg_advisory_xact_lock({lock})::text");
    send(&mut transaction, &locked).await?;
    let found = version(&mut transaction, names).await?;
    check_version(found, known).map_err(SetupError::migrate)?;
    let mut seen = found;
    for migration in migrations.iter().filter(|it| it.version() > found) {
        if !migration.runs_in_transaction() && found > 0 {
            break;
        }
        let text = migration.sql().replace(" CONCURRENTLY", "");
        send(&mut transaction, &text).await?;
        seen = migration.version();
    }
    answer(transaction.commit())
        .await
        .map_err(migration_failed)?;
    Ok(seen)
}
