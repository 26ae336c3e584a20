//! What Redis does by its own clock.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claimed, Fence, RedisStoreOptions, Resolution, Store};
use idempotent_test_servers::redis_url;
use idempotent_tests::OwnRecords;
use redis::cmd;

use crate::support::{
    Bench, complete, completion, eventually, new_claim, new_claim_for, outcome, release, retry, win,
};

const NEVER: i64 = -1;
const HOUR: i64 = 3_600_000;

/// A bit less than an hour is left.
fn is_about_an_hour(pttl: i64) -> bool {
    (HOUR - 60_000..=HOUR).contains(&pttl)
}

#[tokio::test]
async fn a_lease_ends_by_the_servers_clock() {
    let bench = Bench::new().await;
    let first = new_claim_for(Duration::from_millis(300));
    win(&bench.store, &first).await;
    let second = retry(&first);
    let found = bench.store.claim(second.clone()).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");
    eventually("the lease ends", async || {
        let claimed = bench.store.claim(second.clone()).await.unwrap();
        matches!(claimed, Claimed::Won(won) if won.taken_from == Some(first.attempt))
    })
    .await;
}

#[tokio::test]
async fn a_done_record_goes_by_itself() {
    let bench = Bench::new().await;
    let claim = new_claim();
    win(&bench.store, &claim).await;
    complete(&bench.store, &claim, Ttl::After(Duration::from_millis(300))).await;
    eventually("the key is gone", async || {
        let keys: i64 = bench.ask(cmd("EXISTS").arg(bench.key(claim.record))).await;
        keys == 0
    })
    .await;
    assert_eq!(bench.store.load(claim.record).await.unwrap(), None);
    win(&bench.store, &retry(&claim)).await;
}

#[tokio::test]
async fn only_running_and_kept_records_stay_for_ever() {
    let bench = Bench::new().await;
    let claim = new_claim();
    win(&bench.store, &claim).await;
    assert_eq!(bench.pttl(&claim).await, NEVER);
    let published = bench
        .store
        .publish(claim.record, claim.attempt, outcome("begun"));
    assert_eq!(published.await.unwrap(), Fence::Held);
    let renewed = bench.store.renew(claim.record, claim.attempt, claim.lease);
    assert_eq!(renewed.await.unwrap(), Fence::Held);
    assert_eq!(bench.pttl(&claim).await, NEVER);

    release(&bench.store, &claim).await;
    let left = bench.pttl(&claim).await;
    assert!((1..=120_000).contains(&left), "{left}");
    let claim = retry(&claim);
    win(&bench.store, &claim).await;
    assert_eq!(
        bench.pttl(&claim).await,
        NEVER,
        "the record would go while it runs"
    );

    complete(&bench.store, &claim, Ttl::hours(1)).await;
    let left = bench.pttl(&claim).await;
    assert!(is_about_an_hour(left), "{left}");

    let kept = new_claim();
    win(&bench.store, &kept).await;
    complete(&bench.store, &kept, Ttl::Forever).await;
    assert_eq!(bench.pttl(&kept).await, NEVER);
}

#[tokio::test]
async fn a_resolved_record_stays_as_long_as_a_completed_or_released_one() {
    let bench = Bench::new().await;
    for resolution in [
        Resolution::Complete(completion(Ttl::hours(1))),
        Resolution::Release,
    ] {
        let claim = new_claim_for(Duration::ZERO);
        win(&bench.store, &claim).await;
        let by = AttemptId::random();
        let resolved = bench
            .store
            .resolve(claim.record, claim.attempt, by, resolution.clone());
        assert_eq!(resolved.await.unwrap(), Fence::Held);
        let left = bench.pttl(&claim).await;
        match resolution {
            Resolution::Complete(_) => assert!(is_about_an_hour(left), "{left}"),
            Resolution::Release => assert!((1..=120_000).contains(&left), "{left}"),
        }
    }
}

#[tokio::test]
async fn a_record_that_is_claimed_over_an_expired_one_does_not_expire() {
    let clock = ManualClock::new();
    let records = OwnRecords::at(redis_url());
    let store = RedisStoreOptions::new()
        .prefix(records.name())
        .clock(Arc::new(clock.clone()))
        .connect(&redis_url())
        .await
        .unwrap();
    let claim = new_claim();
    win(&store, &claim).await;
    complete(&store, &claim, Ttl::hours(1)).await;
    clock.advance(Duration::from_hours(1));
    win(&store, &retry(&claim)).await;

    let mut connection = crate::support::connection(&redis_url()).await;
    let left: i64 = cmd("PTTL")
        .arg(format!("{}:{}", records.name(), claim.record))
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, NEVER);
}

#[tokio::test]
async fn a_record_that_is_kept_for_no_time_counts_as_absent() {
    let bench = Bench::new().await;
    let claim = new_claim();
    win(&bench.store, &claim).await;
    complete(&bench.store, &claim, Ttl::After(Duration::ZERO)).await;
    win(&bench.store, &retry(&claim)).await;
}

#[tokio::test]
async fn a_time_beyond_all_clocks_is_taken() {
    let bench = Bench::new().await;
    let claim = new_claim_for(Duration::MAX);
    win(&bench.store, &claim).await;
    win(&bench.store, &claim).await;
    let renewed = bench
        .store
        .renew(claim.record, claim.attempt, Duration::MAX);
    assert_eq!(renewed.await.unwrap(), Fence::Held);
    complete(&bench.store, &claim, Ttl::After(Duration::MAX)).await;
    assert!(bench.store.load(claim.record).await.unwrap().is_some());
    assert!(bench.pttl(&claim).await > HOUR);
}
