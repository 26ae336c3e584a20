//! Connections that break.

use idempotent_runtime::store::Store;
use sqlx::mysql::MySqlPoolOptions;

use super::*;

#[tokio::test]
async fn a_step_on_a_broken_connection_fails_and_the_next_one_has_another() {
    let table = Table::new();
    table.open().await;
    let pool = MySqlPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect(&mysql_url())
        .await
        .unwrap();
    let store = table.options().with_pool(pool.clone()).unwrap();
    let claim = claim(1);
    win(&store, &claim).await;
    for _ in 0..5 {
        let id: u64 = sqlx::query_scalar("SELECT CONNECTION_ID()")
            .fetch_one(&pool)
            .await
            .unwrap();
        table.sql(&format!("KILL {id}")).await;
        let renew = || store.renew(claim.record, claim.attempt, claim.lease);
        if let Err(error) = renew().await {
            assert!(error.is_unavailable());
        }
        assert_eq!(renew().await.unwrap(), Fence::Held);
    }
}
