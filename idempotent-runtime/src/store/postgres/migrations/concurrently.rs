//! Building an index while others read and write, which no transaction can do.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::time::{Instant, sleep, timeout};

use super::session::{acquire, first, send, version};
use super::texts::build_lock;
use crate::store::postgres::error::{Building, migration_failed};
use crate::store::sql::connections::Connections;
use crate::store::sql::lane::Lane;
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;
use crate::store::sql::setup_error::SetupError;

/// The pause before asking again whether somebody else has done it.
const PAUSE: Duration = Duration::from_millis(100);

/// How long somebody else may take, and how long a build may wait for the transactions of others.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often to ask the server about the progress of a build.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// Runs a migration that can't be in a transaction, unless another process has. A second connection holds the lock
/// meanwhile, in a transaction of its own, since a pooler may not keep a lock for a session. Nobody waits for that
/// lock on the server: a build waits for all earlier transactions, so the two would wait for each other.
pub(super) async fn build(
    connections: &Connections<Postgres>,
    names: &Names,
    migration: &Migration,
) -> Result<(), SetupError> {
    let mut guard = acquire(connections, Lane::Claims).await?;
    let begun = Instant::now();
    loop {
        let connection = guard.connection();
        let lock = build_lock(names);
        send(connection, "BEGIN").await?;
        let lock = format!("SELECT pg_try_advisory_xact_lock({lock})");
        if first(&send(connection, &lock).await?)? {
            break;
        }
        send(connection, "ROLLBACK").await?;
        if begun.elapsed() > PATIENCE {
            return Err(SetupError::migrate(Building::ByOthers));
        }
        sleep(PAUSE).await;
    }
    let connection = guard.connection();
    if version(connection, names).await? < migration.version() {
        // The other lane: if there are only two connections, the lock holds the first.
        let mut builder = acquire(connections, Lane::Attempts).await?;
        for statement in migration.statements() {
            run(builder.connection(), connection, names, statement).await?;
        }
        let _ = builder.answered(Ok(()));
    }
    send(connection, "ROLLBACK").await?;
    let _ = guard.answered(Ok(()));
    Ok(())
}

/// Runs a statement for as long as the server works on it. The questions on the other connection also show whether the
/// server is still there.
async fn run(
    builder: &mut PgConnection,
    guard: &mut PgConnection,
    names: &Names,
    statement: &str,
) -> Result<Vec<PgRow>, SetupError> {
    let sent = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).fetch_all(builder);
    tokio::pin!(sent);
    let mut waits_since = None;
    loop {
        if let Ok(answer) = timeout(LOOKS_EVERY, &mut sent).await {
            return answer.map_err(migration_failed);
        }
        let Some(holder) = waits_for(guard, names).await? else {
            waits_since = None;
            continue;
        };
        if waits_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            cancel(guard, names).await?;
            return Err(SetupError::migrate(Building::WaitsFor(holder)));
        }
    }
}

/// What is under way on this table.
fn under_way(names: &Names) -> String {
    let (table, kept) = (names.table(), names.beside("_kept"));
    format!(
        "FROM pg_stat_progress_create_index p JOIN pg_stat_activity a ON a.pid = p.pid \
         WHERE p.relid IN (to_regclass('{table}'), to_regclass('{kept}'))"
    )
}

/// The server process whose transaction a build waits for, or 0 if that is unknown. `None` means that the build is
/// working.
async fn waits_for(guard: &mut PgConnection, names: &Names) -> Result<Option<i64>, SetupError> {
    // If nothing is under way, the statement hasn't got that far and waits for a lock.
    let text = format!(
        "SELECT coalesce((SELECT CASE WHEN p.phase LIKE 'waiting%' OR a.wait_event_type = 'Lock' \
           THEN coalesce(nullif(p.current_locker_pid, 0), (pg_blocking_pids(p.pid))[1], 0)::bigint \
           ELSE -1 END {} LIMIT 1), 0)",
        under_way(names)
    );
    let holder: i64 = first(&send(guard, &text).await?)?;
    Ok((holder >= 0).then_some(holder))
}

async fn cancel(guard: &mut PgConnection, names: &Names) -> Result<(), SetupError> {
    let text = format!("SELECT pg_cancel_backend(p.pid) {}", under_way(names));
    send(guard, &text).await.map(drop)
}
