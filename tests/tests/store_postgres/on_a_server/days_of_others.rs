//! Days that are not this store's to drop, and those at which something fails.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness as _;
use idempotent_runtime::store::{Fence, Store};
use sqlx::AssertSqlSafe;

use super::from_version_1::version_1;
use crate::support::{Postgres, claim, complete, win};

const DAY: Duration = Duration::from_hours(24);

async fn is_there(harness: &Postgres, table: &str) -> bool {
    let there = format!("SELECT to_regclass('{table}')::text");
    !harness.run(&there).await.trim().is_empty()
}

/// Somebody begins to detach a day, and is interrupted.
async fn begin_to_detach(harness: &Postgres, day: &str) {
    let table = &harness.table;
    let mut reader = harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; SELECT 1 FROM {table}")))
        .execute(&mut reader)
        .await
        .unwrap();
    let mut detaching = harness.connection().await;
    sqlx::raw_sql("SET statement_timeout = '200ms'")
        .execute(&mut detaching)
        .await
        .unwrap();
    let detach = format!("ALTER TABLE {table} DETACH PARTITION {day} CONCURRENTLY");
    let cancelled = sqlx::raw_sql(AssertSqlSafe(detach))
        .execute(&mut detaching)
        .await;
    assert!(cancelled.is_err());
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
}

#[tokio::test]
async fn a_day_that_somebody_else_is_detaching_is_left_alone() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    complete(&*store, &claim, Ttl::hours(1)).await;
    let day = harness.first_day().await;
    begin_to_detach(&harness, &day).await;
    harness.advance(DAY * 3);
    store.sweep(1).await.unwrap();
    assert!(is_there(&harness, &day).await, "it is dropped");
    let pending = "SELECT inhdetachpending::text FROM pg_inherits WHERE inhrelid = '{}'::regclass";
    let pending = harness.run(&pending.replace("{}", &day)).await;
    assert_eq!(pending.trim(), "true", "it is finalized");
}

#[tokio::test]
async fn a_day_that_version_1_left_half_detached_goes() {
    let harness = Postgres::by_days();
    version_1(&harness, &[]).await;
    let day = harness.first_day().await;
    begin_to_detach(&harness, &day).await;
    let store = harness.open().await;
    harness.advance(DAY * 3);
    store.sweep(1).await.unwrap();
    assert!(!is_there(&harness, &day).await);
}

#[tokio::test]
async fn a_day_that_fails_keeps_neither_others_nor_what_was_kept() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let (table, first) = (harness.table.clone(), harness.first_day().await);
    // It is kept, and settled later.
    let kept = win(&*store).await;
    harness.run(&format!("UPDATE {table} SET day = -1")).await;
    complete(&*store, &kept, Ttl::hours(1)).await;
    win(&*store).await;
    harness
        .run(&format!(
            "CREATE FUNCTION {table}_no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
             CREATE TRIGGER no BEFORE DELETE ON {first} FOR EACH ROW EXECUTE FUNCTION {table}_no()"
        ))
        .await;
    harness.advance(DAY);
    let second = win(&*store).await;
    complete(&*store, &second, Ttl::hours(1)).await;
    harness.advance(DAY * 3);
    store.sweep(1).await.unwrap();
    assert!(is_there(&harness, &first).await);
    assert_eq!(
        harness.count().await,
        1,
        "the rest of the sweep was left out"
    );
    harness
        .run(&format!("DROP FUNCTION {table}_no() CASCADE"))
        .await;
    store.sweep(1).await.unwrap();
    assert!(!is_there(&harness, &first).await);
}

#[tokio::test]
async fn a_table_of_a_days_name_in_another_schema_is_not_taken_for_it() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    complete(&*store, &claim, Ttl::hours(1)).await;
    let (day, other) = (
        harness.first_day().await,
        format!("s_{}", AttemptId::random()),
    );
    harness
        .run(&format!(
            "CREATE SCHEMA {other}; CREATE TABLE {other}.{day} (expires_at bigint)"
        ))
        .await;
    harness.advance(DAY * 10);
    let mut url = reqwest::Url::parse(&harness.url).unwrap();
    url.query_pairs_mut()
        .append_pair("options", &format!("-c search_path={other},public"));
    let options = harness.options().clock(Arc::new(harness.clock.clone()));
    let elsewhere = options.connect(url.as_str()).await.unwrap();
    elsewhere.sweep(1).await.unwrap();
    assert!(!is_there(&harness, &day).await, "the day is still there");
    assert!(is_there(&harness, &format!("{other}.{day}")).await);
    // The days to come are made beside the table as well.
    win(&elsewhere).await;
    let made = format!(
        "SELECT count(*)::text FROM pg_class WHERE relkind = 'r' AND relnamespace = '{other}'::regnamespace"
    );
    assert_eq!(harness.run(&made).await.trim(), "1");
    harness.run(&format!("DROP SCHEMA {other} CASCADE")).await;
}

/// What is moved back out of a detached day waits for a claim of the same record, and there is one of it afterwards.
#[tokio::test]
async fn a_record_that_is_claimed_while_it_is_moved_back_is_there_once() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    complete(&*store, &claim, Ttl::Forever).await;
    let (table, day) = (harness.table.clone(), harness.first_day().await);
    harness
        .run(&format!(
            "COMMENT ON TABLE {day} IS 'A day of {table} that is over; idempotent drops it.'; \
             ALTER TABLE {table} DETACH PARTITION {day}"
        ))
        .await;
    harness.advance(DAY * 3);
    let mut claiming = harness.connection().await;
    // The day is made first, so that the claim by hand finds it.
    win(&*store).await;
    let now = harness.now();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "BEGIN; SELECT now FROM {table}_claim(decode('{}', 'hex'), decode('{}', 'hex'), decode('{}', 'hex'), 30000, 1, \
         NULL, {now})",
        claim.record,
        "07".repeat(32),
        AttemptId::random()
    )))
    .execute(&mut claiming)
    .await
    .unwrap();
    let mut sweep = store.sweep(1);
    while harness.waiting().await == 0 {
        assert!((&mut sweep).now_or_never().is_none(), "it does not wait");
    }
    sqlx::raw_sql("COMMIT")
        .execute(&mut claiming)
        .await
        .unwrap();
    sweep.await.unwrap();
    let rows = format!(
        "SELECT count(*)::text FROM {table} WHERE record = decode('{}', 'hex')",
        claim.record
    );
    assert_eq!(harness.run(&rows).await.trim(), "1");
    assert!(!is_there(&harness, &day).await);
}

#[tokio::test]
async fn what_is_kept_for_ever_is_moved_in_batches() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let table = &harness.table;
    let day = harness.now() / 86_400_000;
    harness
        .run(&format!(
            "INSERT INTO {table} (record, day, fingerprint, attempt, state) \
               SELECT sha256(n::text::bytea), {day}, sha256('x'), substring(sha256('x') FOR 16), 2 \
               FROM generate_series(1, 1300) n; \
             CREATE FUNCTION {table}_few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF (SELECT count(*) FROM moved) > 500 THEN RAISE 'too many at once'; END IF; RETURN NULL; END $$; \
             CREATE TRIGGER few AFTER UPDATE ON {table} REFERENCING OLD TABLE AS moved \
               FOR EACH STATEMENT EXECUTE FUNCTION {table}_few()"
        ))
        .await;
    let first = harness.first_day().await;
    harness.advance(DAY * 3);
    store.sweep(1).await.unwrap();
    assert!(!is_there(&harness, &first).await, "the day is still there");
    assert_eq!(harness.count().await, 1300);
    harness
        .run(&format!("DROP FUNCTION {table}_few() CASCADE"))
        .await;
}

/// A claim is withdrawn however many claims wait, though its day has to be made first.
#[tokio::test]
async fn a_withdrawal_that_makes_its_day_does_not_queue_with_claims() {
    let harness = Postgres::by_days();
    harness.open().await;
    let options = harness.options().clock(Arc::new(harness.clock.clone()));
    let store = options.connect(&harness.url).await.unwrap();
    let contended = claim();
    harness.advance(DAY * 10);
    let mut holder = harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "BEGIN; SELECT pg_advisory_xact_lock(('x' || '{}')::bit(64)::bigint)",
        &contended.record.to_string()[..16]
    )))
    .execute(&mut holder)
    .await
    .unwrap();
    // As many as may claim at once, of four connections.
    let claims: Vec<_> = (0..3)
        .map(|_| {
            let (store, claim) = (store.clone(), contended.clone());
            tokio::spawn(async move { store.claim(claim).await })
        })
        .collect();
    while harness.waiting().await < 3 {
        assert!(claims.iter().all(|it| !it.is_finished()));
    }
    assert_eq!(store.withdraw(claim()).await.unwrap(), Fence::Held);
    sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap();
    for claimed in join_all(claims).await {
        claimed.unwrap().unwrap();
    }
}

/// Detaching waits for it, for a while. Nothing goes on waiting at the server once the sweep has given up.
#[tokio::test]
async fn a_transaction_that_uses_a_day_does_not_hold_up_the_sweep() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    complete(&*store, &claim, Ttl::hours(1)).await;
    let (table, day) = (harness.table.clone(), harness.first_day().await);
    harness.advance(DAY * 3);
    let mut reader = harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; SELECT 1 FROM {table}")))
        .execute(&mut reader)
        .await
        .unwrap();
    store.sweep(1).await.unwrap();
    assert_eq!(harness.waiting().await, 0, "it waits for ever");
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    store.sweep(1).await.unwrap();
    assert!(!is_there(&harness, &day).await);
}
