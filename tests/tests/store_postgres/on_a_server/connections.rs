//! Connections that hang, fall silent or are refused, and steps that wait for one.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use idempotent_runtime::PostgresStore;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::store::{Claimed, Fence, Renewal, Store};
use idempotent_tests::Proxy;
use sqlx::postgres::PgPoolOptions;
use tokio::time::timeout;

use crate::support::{Postgres, claim, win};

/// As long as the engine waits for a step.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// A store of four connections behind a proxy, all of which are open.
async fn behind_a_proxy() -> (Postgres, Proxy, PostgresStore) {
    let harness = Postgres::plain();
    let (proxy, url) = Proxy::before(&harness.url).await;
    let store = harness.options().connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    join_all((0..16).map(|_| store.claim(claim()))).await;
    (harness, proxy, store)
}

#[tokio::test]
async fn a_renewal_that_hangs_does_not_hold_up_its_own_repetition() {
    let (_harness, proxy, store) = behind_a_proxy().await;
    let claim = win(&store).await;
    let renew = || store.renew(claim.record, claim.attempt, claim.lease);
    for number in 1..=2 {
        if number == 1 {
            proxy.silence_next();
        } else {
            proxy.swallow_next_answer();
        }
        let mut hanging = renew();
        assert!((&mut hanging).now_or_never().is_none());
        tokio::select! {
            biased;
            () = proxy.silenced(number) => {}
            _ = &mut hanging => panic!("its connection is silent"),
        }
        let begun = Instant::now();
        assert_eq!(renew().await.unwrap(), Fence::Held);
        drop(hanging);
        assert_eq!(renew().await.unwrap(), Fence::Held);
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_connection_whose_step_was_cut_short_is_closed() {
    let (_harness, proxy, store) = behind_a_proxy().await;
    let open = proxy.open();
    let claim = win(&store).await;
    proxy.silence_next();
    let mut hanging = store.renew(claim.record, claim.attempt, claim.lease);
    tokio::select! {
        biased;
        () = proxy.silenced(1) => {}
        _ = &mut hanging => panic!("its connection is silent"),
    }
    drop(hanging);
    while proxy.open() >= open {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn claims_succeed_again_after_all_connections_fell_silent() {
    let (_harness, proxy, store) = behind_a_proxy().await;
    proxy.quiet().await;
    proxy.silence_all();
    let begun = Instant::now();
    // As many callers at once as a service has: each may meet a silent connection.
    let retry = || async { while timeout(PATIENCE, store.claim(claim())).await.is_err() {} };
    join_all((0..16).map(|_| retry())).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    // And all of them do.
    let claimed = timeout(PATIENCE, join_all((0..16).map(|_| store.claim(claim())))).await;
    for claimed in claimed.unwrap() {
        assert!(matches!(claimed.unwrap(), Claimed::Won(_)));
    }
}

#[tokio::test]
async fn the_applications_pool_recovers_too() {
    let harness = Postgres::plain();
    harness.store().await;
    let (proxy, url) = Proxy::before(&harness.url).await;
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .test_before_acquire(false)
        .connect(&url)
        .await
        .unwrap();
    let store = harness.options().with_pool(pool).unwrap();
    join_all((0..16).map(|_| store.claim(claim()))).await;
    proxy.silence_all();
    let begun = Instant::now();
    // Each of the four may be met once.
    let retry = || async { while timeout(PATIENCE, store.claim(claim())).await.is_err() {} };
    join_all((0..4).map(|_| retry())).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

/// Its role is gone. Where nobody listens is tested in the crate.
#[tokio::test]
async fn a_connection_that_the_server_refuses_is_known_at_once() {
    let harness = Postgres::plain();
    let role = format!("r_{}", harness.table);
    harness
        .run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'once'"))
        .await;
    let mut url = reqwest::Url::parse(&harness.url).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("once")).unwrap();
    let store = harness.options().connect(url.as_str()).await.unwrap();
    harness.run(&format!("DROP ROLE {role}")).await;
    let begun = Instant::now();
    let claims = join_all((0..500).map(|_| store.claim(claim()))).await;
    for claimed in claims {
        let error = claimed.unwrap_err();
        assert!(error.is_not_sent(), "{error:?}");
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_claim_that_gave_up_while_it_queued_is_never_executed() {
    let (harness, _proxy, store) = behind_a_proxy().await;
    let before = harness.count().await;
    // The table is locked, so that all connections are at work.
    let mut blocker = harness.connection().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        harness.table
    )))
    .execute(&mut blocker)
    .await
    .unwrap();
    let mut working = join_all((0..4).map(|_| store.claim(claim())));
    assert!((&mut working).now_or_never().is_none());
    let mut queued = store.claim(claim());
    assert!(
        timeout(Duration::from_millis(200), &mut queued)
            .await
            .is_err()
    );
    drop(queued);
    sqlx::raw_sql("COMMIT").execute(&mut blocker).await.unwrap();
    for claimed in working.await {
        assert!(matches!(claimed.unwrap(), Claimed::Won(_)));
    }
    assert_eq!(harness.count().await, before + 4);
}

#[tokio::test]
async fn a_storm_of_claims_leaves_a_connection_to_renewals() {
    let (harness, _proxy, store) = behind_a_proxy().await;
    let (held, stuck) = (win(&store).await, win(&store).await);
    let ended = store
        .renew(stuck.record, stuck.attempt, Duration::ZERO)
        .await;
    assert_eq!(ended.unwrap(), Fence::Held);
    // Claims of one abandoned record wait for whoever has locked it.
    let mut blocker = harness.connection().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "BEGIN; SELECT 1 FROM {} WHERE record = '\\x{}' FOR UPDATE",
        harness.table, stuck.record
    )))
    .execute(&mut blocker)
    .await
    .unwrap();
    let storm = (0..64).map(|_| store.claim(stuck.clone().attempt(AttemptId::random())));
    let mut storm = join_all(storm);
    assert!(
        timeout(Duration::from_millis(200), &mut storm)
            .await
            .is_err()
    );
    let begun = Instant::now();
    let renewed = store.renew(held.record, held.attempt, held.lease).await;
    assert_eq!(renewed.unwrap(), Fence::Held);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut blocker)
        .await
        .unwrap();
}

#[tokio::test]
async fn renewals_travel_together_and_what_another_step_has_locked_is_renewed_alone() {
    let harness = Postgres::plain();
    for harness in [harness, Postgres::by_days(), Postgres::behind_pgbouncer()] {
        let store = harness.store().await;
        let (first, second, released) = (win(&store).await, win(&store).await, win(&store).await);
        let fence = store.release(released.record, released.attempt).await;
        assert_eq!(fence.unwrap(), Fence::Held);
        let renewals = [&first, &released, &second, &claim()]
            .map(|it| Renewal::new(it.record, it.attempt, it.lease));
        let mut blocker = harness.connection().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "BEGIN; SELECT 1 FROM {} WHERE record = '\\x{}' FOR UPDATE",
            harness.table, second.record
        )))
        .execute(&mut blocker)
        .await
        .unwrap();
        let mut renewed = store.renew_all(renewals.to_vec());
        assert!(
            timeout(Duration::from_millis(100), &mut renewed)
                .await
                .is_err()
        );
        sqlx::raw_sql("COMMIT").execute(&mut blocker).await.unwrap();
        let renewed: Vec<_> = renewed.await.into_iter().map(Result::unwrap).collect();
        let [held, lost] = [Fence::Held, Fence::Lost];
        assert_eq!(renewed, [held, lost, held, lost]);
    }
}
