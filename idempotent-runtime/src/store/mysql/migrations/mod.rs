//! The tables, and how a database gets them.

use sha2::{Digest as _, Sha256};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::error::{
    StillMigrating, TableInUse, is_lock_timeout, is_missing_table, migration_failed,
};
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;
use crate::store::sql::options::PATIENCE;
use crate::store::sql::schema::check_version;
use crate::store::sql::setup_error::SetupError;

/// In their order, from version 1 on. A published one is never changed.
///
/// The servers commit after each statement that changes a schema, so a migration may end halfway. Every statement must
/// be safe to run again.
const MIGRATIONS: [(&str, &str); 2] = [
    ("0001_records", include_str!("0001_records.sql")),
    ("0002_generations", include_str!("0002_generations.sql")),
];

/// How many seconds to wait for another process that migrates.
const LOCKED_WITHIN: u32 = 60;

/// How many seconds a change of the table waits for the transactions that use it. Everybody else waits behind it, so
/// it gives up soon.
const TABLE_LOCKED_WITHIN: u32 = 5;

/// All migrations of a table.
pub(super) fn of(names: &Names) -> Vec<Migration> {
    (1..)
        .zip(MIGRATIONS)
        .map(|(version, (name, text))| {
            Migration::new(version, name, vec![sql(names, version, text)])
        })
        .collect()
}

fn sql(names: &Names, version: i64, text: &str) -> String {
    let versions = names.beside("_migrations");
    // The database of the table, as an expression.
    let schema = names
        .schema()
        .map_or_else(|| "DATABASE()".to_owned(), |schema| format!("'{schema}'"));
    let text = text
        .replace("{table}", &names.table())
        .replace("{name}", names.bare())
        .replace("{schema}", &schema);
    format!(
        "CREATE TABLE IF NOT EXISTS {versions} (\n    \
             version    BIGINT    NOT NULL PRIMARY KEY,\n    \
             applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n\
         ) ENGINE = InnoDB;\n\
         {text}\
         INSERT INTO {versions} (version) VALUES ({version}) ON DUPLICATE KEY UPDATE version = version;\n"
    )
}

/// Where a connection for migrations comes from. It is closed when they have run, because its lock ends with its
/// session. In a pool, the connection would keep the lock.
#[derive(Clone, Debug)]
pub(super) enum Sessions {
    Own(Box<MySqlConnectOptions>),
    Applications(MySqlPool),
}

impl Sessions {
    async fn open(&self) -> Result<MySqlConnection, sqlx::Error> {
        match self {
            Self::Own(options) => {
                let opened = tokio::time::timeout(PATIENCE, options.connect()).await;
                opened.unwrap_or(Err(sqlx::Error::PoolTimedOut))
            }
            Self::Applications(pool) => Ok(pool.acquire().await?.detach()),
        }
    }
}

/// Runs the migrations that the database hasn't seen, and returns whether there were any. Others who do so at the same
/// time wait.
pub(super) async fn run(sessions: &Sessions, names: &Names) -> Result<bool, SetupError> {
    let mut connection = sessions.open().await.map_err(migration_failed)?;
    let migrated = migrate(&mut connection, names).await;
    // The server notices if this fails.
    let _ = connection.close().await;
    migrated
}

async fn migrate(connection: &mut MySqlConnection, names: &Names) -> Result<bool, SetupError> {
    let failed = migration_failed;
    let migrations = of(names);
    if version(connection, names).await? == last(&migrations) {
        return Ok(false);
    }
    lock(connection, names).await?;
    let patience = format!("SET SESSION lock_wait_timeout = {TABLE_LOCKED_WITHIN}");
    sqlx::raw_sql(AssertSqlSafe(patience))
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let found = version(connection, names).await?;
    for migration in migrations.iter().filter(|it| it.version() > found) {
        sqlx::raw_sql(AssertSqlSafe(migration.sql().to_owned()))
            .execute(&mut *connection)
            .await
            .map_err(|error| {
                if is_lock_timeout(&error) {
                    SetupError::migrate(TableInUse(TABLE_LOCKED_WITHIN))
                } else {
                    failed(error)
                }
            })?;
    }
    Ok(true)
}

fn last(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, Migration::version)
}

/// The version of the last migration that the database has seen, or 0 if it has seen none.
async fn version(connection: &mut MySqlConnection, names: &Names) -> Result<i64, SetupError> {
    let versions = names.beside("_migrations");
    let question = format!("SELECT COALESCE(MAX(version), 0) FROM {versions}");
    let found = match ask(connection, question).await {
        Err(error) if is_missing_table(&error) => Ok(0),
        answer => answer.and_then(|row| row.try_get(0)),
    };
    let found: i64 = found.map_err(migration_failed)?;
    let known = last(&of(names));
    check_version(found, known).map_err(SetupError::migrate)?;
    Ok(found)
}

/// Takes a lock named after this table, for the session.
async fn lock(connection: &mut MySqlConnection, names: &Names) -> Result<(), SetupError> {
    let digest = bytes::Bytes::copy_from_slice(&Sha256::digest(names.table())[..16]);
    // The servers take at most 64 characters.
    let name = format!("idempotent/migrate/{digest:x}");
    let question = format!("SELECT GET_LOCK('{name}', {LOCKED_WITHIN})");
    let row = ask(connection, question).await.map_err(migration_failed)?;
    let taken: Option<i64> = row.try_get(0).map_err(migration_failed)?;
    if taken == Some(1) {
        Ok(())
    } else {
        Err(SetupError::migrate(StillMigrating(LOCKED_WITHIN)))
    }
}

/// Sends the question as text, since nothing needs to be prepared for a single use.
async fn ask(connection: &mut MySqlConnection, question: String) -> Result<MySqlRow, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(question))
        .fetch_one(connection)
        .await
}
