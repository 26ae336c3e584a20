//! The tables, and how a database comes to have them.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::error::{NewerSchema, PostgresStoreError};
use super::options::{Layout, Names};
use super::partitions::mark;
use crate::store::told_once::ToldOnce;

/// In their order; the first is version 1. One that was published is never changed.
const PLAIN: [(&str, &str); 2] = [
    ("0001_records", include_str!("0001_records.sql")),
    ("0002_generations", include_str!("0002_generations.sql")),
];
const PARTITIONED: [(&str, &str); 2] = [
    (
        "0001_records_partitioned_by_day",
        include_str!("0001_records_partitioned_by_day.sql"),
    ),
    (
        "0002_generations_partitioned_by_day",
        include_str!("0002_generations_partitioned_by_day.sql"),
    ),
];

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

    /// Its statements, to be run in one transaction.
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

/// All migrations of a table in this layout.
pub(super) fn of(names: &Names, layout: Layout) -> Vec<Migration> {
    let texts = match layout {
        Layout::Plain => PLAIN,
        Layout::PartitionedByDay => PARTITIONED,
    };
    (1..)
        .zip(texts)
        .map(|(version, (name, text))| Migration {
            version,
            name,
            sql: sql(names, version, text),
        })
        .collect()
}

fn sql(names: &Names, version: i64, text: &str) -> String {
    let text = text
        .replace("{table}", &names.table())
        .replace("{name}", names.bare())
        .replace("{prefix}", &names.prefix())
        .replace("{claim}", &names.beside("_claim"))
        .replace("{claim_2}", &names.beside("_claim_2"))
        .replace("{withdraw}", &names.beside("_withdraw"))
        .replace("{mark}", &mark(names))
        .replace("{kept}", &names.beside("_kept"))
        .replace("{days}", &names.beside("_days"))
        .replace("{lock}", &lock(names).to_string());
    let (before, versions) = (prelude(names), names.beside("_migrations"));
    format!("{before}{text}INSERT INTO {versions} (version) VALUES ({version});\n")
}

/// What every migration may find missing.
fn prelude(names: &Names) -> String {
    let schema = names.schema().map_or_else(String::new, |schema| {
        format!(
            "DO $$ BEGIN IF to_regnamespace('\"{schema}\"') IS NULL THEN CREATE SCHEMA \"{schema}\"; END IF; END $$;\n"
        )
    });
    let versions = names.beside("_migrations");
    format!(
        "{schema}CREATE TABLE IF NOT EXISTS {versions} (\n    version    bigint      NOT NULL PRIMARY KEY,\n    applied_at timestamptz NOT NULL DEFAULT now()\n);\n"
    )
}

/// Runs what the database has not seen. Whoever else does so at the same time waits.
pub(super) async fn run(
    connection: &mut PgConnection,
    names: &Names,
    layout: Layout,
) -> Result<(), PostgresStoreError> {
    let failed = |error: sqlx::Error| PostgresStoreError::migrate(ToldOnce::new(error));
    let migrations = of(names, layout);
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let mut transaction = connection.begin().await.map_err(failed)?;
    let lock = lock(names);
    // Text alone: a pooler may not know of prepared statements.
    sqlx::raw_sql(AssertSqlSafe(format!(
        "SELECT pg_advisory_xact_lock({lock})"
    )))
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    let found = version(&mut transaction, names).await.map_err(failed)?;
    if found > known {
        return Err(PostgresStoreError::migrate(NewerSchema { found, known }));
    }
    for migration in migrations.iter().filter(|it| it.version > found) {
        sqlx::raw_sql(AssertSqlSafe(migration.sql.clone()))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// The last migration that the database has seen; 0 where it has seen none.
async fn version(connection: &mut PgConnection, names: &Names) -> Result<i64, sqlx::Error> {
    let versions = names.beside("_migrations");
    let exists = format!("SELECT to_regclass('{versions}') IS NOT NULL");
    let exists = sqlx::raw_sql(AssertSqlSafe(exists))
        .fetch_one(&mut *connection)
        .await?;
    if !sqlx::Row::try_get::<bool, _>(&exists, 0)? {
        return Ok(0);
    }
    let last = format!("SELECT coalesce(max(version), 0) FROM {versions}");
    let last = sqlx::raw_sql(AssertSqlSafe(last))
        .fetch_one(connection)
        .await?;
    sqlx::Row::try_get(&last, 0)
}

/// A number for an advisory lock, of this table alone as far as 63 bits go.
pub(super) fn lock(names: &Names) -> i64 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(format!("idempotent/migrate/{}", names.table()));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first) & i64::MAX
}
