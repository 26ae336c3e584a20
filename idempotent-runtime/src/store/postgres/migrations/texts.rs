//! The texts of the migrations, and their places in the order.

use crate::store::postgres::layout::Layout;
use crate::store::postgres::partitions::{mark, over};
use crate::store::sql::migration::Migration;
use crate::store::sql::names::Names;

/// In their order, from version 1 on. A published one is never changed.
const PLAIN: [(&str, &str); 3] = [
    ("0001_records", include_str!("0001_records.sql")),
    ("0002_generations", include_str!("0002_generations.sql")),
    ("0003_running", include_str!("0003_running.sql")),
];
const PARTITIONED: [(&str, &str); 3] = [
    (
        "0001_records_partitioned_by_day",
        include_str!("0001_records_partitioned_by_day.sql"),
    ),
    (
        "0002_generations_partitioned_by_day",
        include_str!("0002_generations_partitioned_by_day.sql"),
    ),
    (
        "0003_running_partitioned_by_day",
        include_str!("0003_running_partitioned_by_day.sql"),
    ),
];

/// Separates the statements of a migration that can't run in a transaction.
const NEXT: &str = "--> next statement\n";

/// All migrations of a table in this layout.
pub(in crate::store::postgres) fn of(names: &Names, layout: Layout) -> Vec<Migration> {
    let texts = match layout {
        Layout::Plain => PLAIN,
        Layout::PartitionedByDay => PARTITIONED,
    };
    (1..)
        .zip(texts)
        .map(|(version, (name, text))| {
            Migration::new(version, name, statements(names, version, text))
        })
        .collect()
}

fn statements(names: &Names, version: i64, text: &str) -> Vec<String> {
    let text = text
        .replace("{table}", &names.table())
        .replace("{name}", names.bare())
        .replace("{prefix}", &names.prefix())
        .replace("{claim}", &names.beside("_claim"))
        .replace("{claim_2}", &names.beside("_claim_2"))
        .replace("{withdraw}", &names.beside("_withdraw"))
        .replace("{running}", &names.beside("_running"))
        .replace("{kept_running}", &names.beside("_kept_running"))
        .replace("{mark}", &mark(names))
        .replace("{over}", &over(names))
        .replace("{kept}", &names.beside("_kept"))
        .replace("{days}", &names.beside("_days"))
        .replace("{lock}", &lock(names).to_string());
    let versions = names.beside("_migrations");
    let seen = format!("INSERT INTO {versions} (version) VALUES ({version})");
    if text.contains(NEXT) {
        let statements = text.split(NEXT).map(str::to_owned);
        let seen = format!("{seen} ON CONFLICT DO NOTHING;\n");
        return statements.chain([seen]).collect();
    }
    vec![format!("{}{text}{seen};\n", prelude(names))]
}

/// What every migration needs, and creates if it is missing.
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

/// The number of this table's advisory lock. With 63 bits, no other table is likely to have it.
pub(super) fn lock(names: &Names) -> i64 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(format!("idempotent/migrate/{}", names.table()));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first) & i64::MAX
}

/// Another lock, for building indexes outside of a transaction.
pub(super) fn build_lock(names: &Names) -> i64 {
    lock(names) ^ 1
}
