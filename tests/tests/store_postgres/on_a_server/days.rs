//! Days that begin, and days that are over.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness as _;
use idempotent_runtime::store::{Claimed, Fence, Store, Takeover};
use sqlx::AssertSqlSafe;

use crate::support::{Postgres, claim, complete, told, win};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_retry_across_midnight_finds_the_day_before() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    harness.advance(Duration::from_mins(24 * 60 - 1));
    let first = win(&*store).await;
    harness.advance(Duration::from_mins(2));
    let retry = first
        .clone()
        .attempt(AttemptId::random())
        .takeover(Takeover::Never);
    let found = store.claim(retry.clone()).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)));
    let over = retry.takeover(Takeover::Abandoned);
    let Claimed::Won(won) = store.claim(over).await.unwrap() else {
        panic!("an abandoned record is taken over")
    };
    assert_eq!(
        (won.taken_from, won.generation),
        (Some(first.attempt), first.attempt)
    );
    assert_eq!(harness.count().await, 1);
}

#[tokio::test]
async fn one_of_many_claims_around_midnight_wins() {
    let harness = Postgres::by_days();
    harness.open().await;
    let midnight = ManualClock::new();
    let before = ManualClock::new();
    midnight.advance(Duration::from_hours(24 * 365 * 50 + 24));
    before.advance(Duration::from_hours(24 * 365 * 50 + 23));
    before.advance(Duration::from_millis(59 * 60_000 + 59_999));
    let mut stores = Vec::new();
    for clock in [before, midnight] {
        let options = harness.options().clock(Arc::new(clock));
        stores.push(options.connect(&harness.url).await.unwrap());
    }
    for _ in 0..20 {
        let first = claim();
        let claims = (0..16).map(|number| {
            let attempt = first.clone().attempt(AttemptId::random());
            stores[number % 2].claim(attempt.takeover(Takeover::Never))
        });
        let claimed = join_all(claims).await;
        let winners = claimed
            .into_iter()
            .filter(|claimed| matches!(claimed, Ok(Claimed::Won(_))))
            .count();
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn a_day_goes_once_all_of_its_records_have_expired() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let (short, kept) = (win(&*store).await, win(&*store).await);
    complete(&*store, &short, Ttl::After(Duration::from_hours(1))).await;
    complete(&*store, &kept, Ttl::After(Duration::from_hours(72))).await;
    // Neither what is kept for ever nor what nobody settles keeps its day.
    let (forever, abandoned) = (win(&*store).await, win(&*store).await);
    complete(&*store, &forever, Ttl::Forever).await;
    let days = harness.days().await;
    harness.advance(Duration::from_hours(48));
    assert_eq!(store.sweep(1).await.unwrap(), 0);
    assert_eq!(
        harness.count().await,
        4,
        "a day with a record that counts stays"
    );
    assert!(store.load(kept.record).await.unwrap().is_some());
    harness.advance(Duration::from_hours(48));
    assert_eq!(store.sweep(1).await.unwrap(), 0);
    assert_eq!(harness.count().await, 2);
    for claim in [&forever, &abandoned] {
        assert!(store.load(claim.record).await.unwrap().is_some());
    }
    assert!(store.load(kept.record).await.unwrap().is_none());
    // As many days ahead as before, and of those that passed yesterday alone.
    assert_eq!(harness.days().await, days + 1);
    store.claim(claim()).await.unwrap();
}

/// The outcome of a record that was running when the day was looked at is not dropped with the day.
#[tokio::test]
async fn an_outcome_that_is_recorded_while_its_day_goes_is_kept() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    harness.advance(DAY * 3);
    // The completion has changed its row and has not committed yet.
    let until = harness.now() + 3_600_000;
    let mut completing = harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "BEGIN; UPDATE {} SET state = 2, lease_until = NULL, expires_at = {until} WHERE record = '\\x{}'",
        harness.table, claim.record
    )))
    .execute(&mut completing)
    .await
    .unwrap();
    let mut sweep = store.sweep(1);
    // The sweep waits for it.
    while harness.waiting().await == 0 {
        assert!((&mut sweep).now_or_never().is_none());
    }
    sqlx::raw_sql("COMMIT")
        .execute(&mut completing)
        .await
        .unwrap();
    sweep.await.unwrap();
    assert!(
        store.load(claim.record).await.unwrap().is_some(),
        "the outcome is lost"
    );
    harness.advance(DAY);
    store.sweep(1).await.unwrap();
    assert_eq!(harness.count().await, 0);
}

#[tokio::test]
async fn a_table_that_is_not_the_stores_own_is_never_dropped() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let claim = win(&*store).await;
    complete(&*store, &claim, Ttl::After(Duration::from_hours(1))).await;
    let table = &harness.table;
    // One of that name, and a day that somebody detached to keep it.
    harness
        .run(&format!("CREATE TABLE {table}_2001_01_01 (precious text)"))
        .await;
    let archived = harness.first_day().await;
    harness
        .run(&format!("ALTER TABLE {table} DETACH PARTITION {archived}"))
        .await;
    harness.advance(DAY * 10);
    store.sweep(1).await.unwrap();
    for kept in [format!("{table}_2001_01_01"), archived] {
        let there = harness
            .run(&format!("SELECT to_regclass('{kept}')::text"))
            .await;
        assert_eq!(there.trim(), kept);
        harness.run(&format!("DROP TABLE {kept}")).await;
    }
}

#[tokio::test]
async fn a_process_that_was_idle_for_days_makes_the_day_that_it_needs() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    harness.advance(DAY * 10);
    let claim = win(&*store).await;
    assert!(store.load(claim.record).await.unwrap().is_some());
    harness.advance(DAY * 10);
    let withdrawn = store.withdraw(claim.attempt(AttemptId::random()));
    assert_eq!(withdrawn.await.unwrap(), Fence::Lost);
    let nobody = crate::support::claim();
    assert_eq!(store.withdraw(nobody.clone()).await.unwrap(), Fence::Held);
    assert_eq!(store.claim(nobody).await.unwrap(), Claimed::Withdrawn);
}

#[tokio::test]
async fn a_role_that_does_not_own_the_table_is_told_when_the_store_is_opened() {
    let harness = Postgres::by_days();
    harness.store().await;
    let role = format!("r_{}", harness.table);
    harness
        .run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'"))
        .await;
    let mut url = reqwest::Url::parse(&harness.url).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("x")).unwrap();
    let error = harness.options().connect(url.as_str()).await.unwrap_err();
    assert!(
        told(&error).contains(&format!("`{role}` must be a member of")),
        "{}",
        told(&error)
    );
    harness.run(&format!("DROP ROLE {role}")).await;
}
