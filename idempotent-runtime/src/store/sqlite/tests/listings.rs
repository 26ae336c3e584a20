//! Pages of listings.

use super::*;

#[tokio::test]
async fn sweeps_and_listings_look_at_the_rows_of_an_index_only() {
    let bench = Bench::new();
    let (_store, mut writer) = bench.start().await;
    let connection = writer.connection.as_mut().unwrap();
    let [running, all, ending] = Start::texts();
    for (statement, index) in [
        (rows::EXPIRED.to_owned(), "idempotency_records_expiry"),
        (rows::LAPSED.to_owned(), "idempotency_records_running"),
        (running, "idempotency_records_running (record_id>?)"),
        (all, "sqlite_autoindex_idempotency_records_1 (record_id>?)"),
        (
            ending,
            "idempotency_records_expiry (expires_at>? AND expires_at<?)",
        ),
    ] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::query(explain)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        assert!(plan[0].contains(index), "{statement}: {plan:?}");
    }
}

#[tokio::test]
async fn a_listing_goes_on_behind_a_row_that_cannot_be_read() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    for number in 1..=3 {
        let claim = claim(number).label(Label::new("n", "o"));
        assert!(matches!(store.claim(claim).await.unwrap(), Claimed::Won(_)));
    }
    bench
        .sql(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE idempotency_records SET fingerprint = x'00' WHERE rowid = 2;",
        )
        .await;
    for which in [Which::All, Which::RunningLongerThan(Duration::ZERO)] {
        bench.clock.advance(Duration::from_millis(1));
        let page = store.list(List::new(which)).await.unwrap();
        let records: Vec<_> = page.records.iter().map(|it| it.record).collect();
        assert_eq!(records, [claim(1).record, claim(3).record]);
        assert_eq!(page.next, None);
    }
}

#[tokio::test]
async fn a_listing_goes_on_behind_a_whole_page_of_rows_that_cannot_be_read() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    let last = claim(0xff);
    assert!(matches!(
        store.claim(last.clone()).await.unwrap(),
        Claimed::Won(_)
    ));
    bench
        .sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO idempotency_records
                 (record_id, fingerprint, attempt, phase, lease_until, extra, created_at, updated_at)
             SELECT unhex(printf('%064x', i)), zeroblob(32), zeroblob(16), 'running', 1, x'01', 1, 1 FROM n;",
        )
        .await;
    bench.clock.advance(Duration::from_millis(1));
    for which in [Which::All, Which::RunningLongerThan(Duration::ZERO)] {
        let mut list = List::new(which);
        let mut records = Vec::new();
        loop {
            let page = store.list(list.clone()).await.unwrap();
            records.extend(page.records.iter().map(|it| it.record));
            let Some(next) = page.next else { break };
            list = list.after(next);
        }
        assert_eq!(records, [last.record]);
    }
}
