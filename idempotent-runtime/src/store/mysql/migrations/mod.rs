//! The tables, and how a database comes to have them.

use sha2::{Digest as _, Sha256};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::error::{
    MySqlStoreError, NewerSchema, StillMigrating, TableInUse, is_lock_timeout, is_missing_table,
};
use super::options::{Names, PATIENCE};

/// In their order; the first is version 1. One that was published is never changed.
///
/// The servers commit after each statement that changes a schema, so a migration may end half done: each statement must
/// be one that can be run again.
const MIGRATIONS: [(&str, &str); 2] = [
    ("0001_records", include_str!("0001_records.sql")),
    ("0002_generations", include_str!("0002_generations.sql")),
];

/// How long to wait for another process that migrates.
const LOCKED_WITHIN: u32 = 60;

/// How long, in seconds, a change of the table waits for the transactions that use it. Whoever else comes to the table waits
/// behind it, so it gives up soon.
const TABLE_LOCKED_WITHIN: u32 = 5;

/// One step towards the schema of this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    version: i64,
    name: &'static str,
    sql: String,
}

impl Migration {
    /// Its place in the order, from 1 on.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Its statements, each ended by a semicolon. They may be run again where they were interrupted.
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

/// All migrations of a table.
pub(super) fn of(names: &Names) -> Vec<Migration> {
    (1..)
        .zip(MIGRATIONS)
        .map(|(version, (name, text))| Migration {
            version,
            name,
            sql: sql(names, version, text),
        })
        .collect()
}

fn sql(names: &Names, version: i64, text: &str) -> String {
    let versions = names.beside("_migrations");
    let text = text
        .replace("{table}", &names.table())
        .replace("{name}", names.bare())
        .replace("{schema}", &names.schema());
    format!(
        "CREATE TABLE IF NOT EXISTS {versions} (\n    \
             version    BIGINT    NOT NULL PRIMARY KEY,\n    \
             applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n\
         ) ENGINE = InnoDB;\n\
         {text}\
         INSERT INTO {versions} (version) VALUES ({version}) ON DUPLICATE KEY UPDATE version = version;\n"
    )
}

/// Where a connection for migrations comes from. It is closed when they have run: it holds a lock, which ends with its
/// session, while one that went back to a pool would keep it.
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

/// Runs what the database has not seen, and says whether there was anything. Whoever else does so at the same time
/// waits.
pub(super) async fn run(sessions: &Sessions, names: &Names) -> Result<bool, MySqlStoreError> {
    let mut connection = sessions.open().await.map_err(MySqlStoreError::migration)?;
    let migrated = migrate(&mut connection, names).await;
    // The server notices if this fails.
    let _ = connection.close().await;
    migrated
}

async fn migrate(connection: &mut MySqlConnection, names: &Names) -> Result<bool, MySqlStoreError> {
    let failed = MySqlStoreError::migration;
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
    for migration in migrations.iter().filter(|it| it.version > found) {
        sqlx::raw_sql(AssertSqlSafe(migration.sql.clone()))
            .execute(&mut *connection)
            .await
            .map_err(|error| {
                if is_lock_timeout(&error) {
                    MySqlStoreError::migrate(TableInUse(TABLE_LOCKED_WITHIN))
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

/// The last migration that the database has seen; 0 where it has seen none.
async fn version(connection: &mut MySqlConnection, names: &Names) -> Result<i64, MySqlStoreError> {
    let versions = names.beside("_migrations");
    let question = format!("SELECT COALESCE(MAX(version), 0) FROM {versions}");
    let found = match ask(connection, question).await {
        Err(error) if is_missing_table(&error) => Ok(0),
        answer => answer.and_then(|row| row.try_get(0)),
    };
    let found: i64 = found.map_err(MySqlStoreError::migration)?;
    let known = last(&of(names));
    if found > known {
        return Err(MySqlStoreError::migrate(NewerSchema { found, known }));
    }
    Ok(found)
}

/// Takes a lock of this table's name for the session.
async fn lock(connection: &mut MySqlConnection, names: &Names) -> Result<(), MySqlStoreError> {
    let digest = bytes::Bytes::copy_from_slice(&Sha256::digest(names.table())[..16]);
    // The servers take at most 64 characters.
    let name = format!("idempotent/migrate/{digest:x}");
    let question = format!("SELECT GET_LOCK('{name}', {LOCKED_WITHIN})");
    let row = ask(connection, question)
        .await
        .map_err(MySqlStoreError::migration)?;
    let taken: Option<i64> = row.try_get(0).map_err(MySqlStoreError::migration)?;
    if taken == Some(1) {
        Ok(())
    } else {
        Err(MySqlStoreError::migrate(StillMigrating(LOCKED_WITHIN)))
    }
}

/// Asks as text, so that nothing is prepared for what is asked once.
async fn ask(connection: &mut MySqlConnection, question: String) -> Result<MySqlRow, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(question))
        .fetch_one(connection)
        .await
}
