//! What the server's settings let acknowledged steps survive.

use idempotent_runtime::Idempotency;
use idempotent_runtime::store::{Durability, Store};
use sqlx::Row as _;

use super::*;
use crate::chain;

/// One test, since the settings are the server's.
#[tokio::test]
async fn the_settings_of_the_server_are_read() {
    const NAMES: [&str; 2] = ["innodb_flush_log_at_trx_commit", "sync_binlog"];
    let table = Table::new();
    let store = table.open().await;
    let mut connection = connect().await;
    let mut before = Vec::new();
    for name in NAMES {
        let question = format!("SELECT CAST(@@GLOBAL.{name} AS CHAR)");
        let rows = table.sql_on(&mut connection, &question).await;
        before.push((name, rows[0].get::<String, _>(0)));
    }

    let set = "SET GLOBAL innodb_flush_log_at_trx_commit = 1, GLOBAL sync_binlog = 1";
    table.sql_on(&mut connection, set).await;
    let safe = store.survives().await.unwrap();
    let set = "SET GLOBAL innodb_flush_log_at_trx_commit = 2";
    table.sql_on(&mut connection, set).await;
    let lazy = store.survives().await.unwrap();
    let refused = Idempotency::builder(store)
        .require(Durability::Power)
        .build()
        .await;
    for (name, value) in before {
        table
            .sql_on(&mut connection, &format!("SET GLOBAL {name} = {value}"))
            .await;
    }

    assert_eq!(safe.most(), Some(Durability::Power));
    assert_eq!(lazy.most(), Some(Durability::Process));
    let because = "`innodb_flush_log_at_trx_commit` is `2`: set it to `1`";
    assert_eq!(lazy.because(), because);
    let told = chain(&refused.unwrap_err()).join(": ");
    assert!(told.contains(because), "{told}");
}
