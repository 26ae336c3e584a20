//! Connections that stay open, and over which nothing passes any more.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claimed, Fence, RedisStore, RedisStoreOptions, Store};
use idempotent_test_servers::redis_url;
use idempotent_tests::{OwnRecords, Proxy};

use crate::support::{completion, new_claim, outcome, retry, win};

/// A repetition that waited behind its hung step would take until the store gives that up.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(1);

/// Much less than that, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

struct Hung {
    store: RedisStore,
    proxy: Proxy,
    _records: OwnRecords,
}

impl Hung {
    async fn new() -> Self {
        let records = OwnRecords::at(redis_url());
        let (proxy, url) = Proxy::before(records.url()).await;
        let options = RedisStoreOptions::new()
            .prefix(records.name())
            .answered_within(GIVEN_UP_AFTER);
        Self {
            store: options.connect(&url).await.unwrap(),
            proxy,
            _records: records,
        }
    }
}

/// Sends a step, and leaves it once its connection has fallen silent.
async fn leave<T>(proxy: &Proxy, before: usize, step: impl Future<Output = T>) {
    tokio::select! {
        _ = step => panic!("a silent connection answered"),
        () = proxy.silenced(before + 1) => {}
    }
}

async fn at_once<T>(step: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(AT_ONCE, step).await;
    answer.expect("the step waited for the one that hung")
}

#[tokio::test]
async fn a_hung_step_does_not_hold_up_its_own_repetition() {
    for is_swallowed_before_the_server in [true, false] {
        let Hung { store, proxy, .. } = &Hung::new().await;
        let claim = new_claim();
        let (record, attempt) = (claim.record, claim.attempt);
        let mut silent = 0;
        let mut hang = || {
            if is_swallowed_before_the_server {
                proxy.silence_next();
            } else {
                proxy.swallow_next_answer();
            }
            silent += 1;
            silent - 1
        };

        let before = hang();
        leave(proxy, before, store.claim(claim.clone())).await;
        let won = at_once(store.claim(claim.clone())).await.unwrap();
        assert!(matches!(won, Claimed::Won(_)), "{won:?}");

        let before = hang();
        leave(proxy, before, store.renew(record, attempt, claim.lease)).await;
        let renewed = at_once(store.renew(record, attempt, claim.lease)).await;
        assert_eq!(renewed.unwrap(), Fence::Held);

        let before = hang();
        let publish = || store.publish(record, attempt, outcome("begun"));
        leave(proxy, before, publish()).await;
        assert_eq!(at_once(publish()).await.unwrap(), Fence::Held);

        let before = hang();
        let complete = || store.complete(record, attempt, completion(Ttl::hours(1)));
        leave(proxy, before, complete()).await;
        assert_eq!(at_once(complete()).await.unwrap(), Fence::Held);

        let before = hang();
        leave(proxy, before, store.load(record)).await;
        assert!(at_once(store.load(record)).await.unwrap().is_some());

        let other = new_claim();
        win(store, &other).await;
        let before = hang();
        leave(proxy, before, store.release(other.record, other.attempt)).await;
        let released = at_once(store.release(other.record, other.attempt)).await;
        assert_eq!(released.unwrap(), Fence::Held);
    }
}

#[tokio::test]
async fn claims_that_hang_hold_up_no_renewal() {
    let Hung { store, proxy, .. } = &Hung::new().await;
    let claim = new_claim();
    win(store, &claim).await;
    let renewed = store.renew(claim.record, claim.attempt, claim.lease);
    assert_eq!(renewed.await.unwrap(), Fence::Held);

    proxy.silence_next();
    let mut hanging = store.claim(new_claim());
    tokio::select! {
        _ = &mut hanging => panic!("a silent connection answered"),
        () = proxy.silenced(1) => {}
    }
    // The claim is still waited for.
    let renewed = at_once(store.renew(claim.record, claim.attempt, claim.lease)).await;
    assert_eq!(renewed.unwrap(), Fence::Held);
    drop(hanging);
}

#[tokio::test]
async fn a_crowd_of_claims_that_hang_holds_up_no_completion() {
    let Hung { store, proxy, .. } = &Hung::new().await;
    let claim = new_claim();
    win(store, &claim).await;
    proxy.silence_next();
    let mut crowd: FuturesUnordered<_> = (0..100).map(|_| store.claim(new_claim())).collect();
    tokio::select! {
        _ = crowd.next() => panic!("a silent connection answered"),
        () = proxy.silenced(1) => {}
    }
    // All of them are still waited for.
    let completed = store.complete(claim.record, claim.attempt, completion(Ttl::hours(1)));
    assert_eq!(at_once(completed).await.unwrap(), Fence::Held);
    drop(crowd);
}

/// As the engine does it half a second later: whichever of the two is answered first counts.
#[tokio::test]
async fn a_step_that_is_sent_again_beside_its_first_sending_takes_another_connection() {
    let Hung { store, proxy, .. } = &Hung::new().await;
    let claim = new_claim();
    win(store, &claim).await;
    let complete = || store.complete(claim.record, claim.attempt, completion(Ttl::hours(1)));
    proxy.silence_next();
    let mut first = complete();
    tokio::select! {
        _ = &mut first => panic!("a silent connection answered"),
        () = proxy.silenced(1) => {}
    }
    // A connection counts as silent after a time, so this waits for one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(at_once(complete()).await.unwrap(), Fence::Held);
    drop(first);
}

#[tokio::test]
async fn a_step_without_an_answer_is_unknown_and_the_next_one_takes_another_connection() {
    let records = OwnRecords::at(redis_url());
    let (proxy, url) = Proxy::before(records.url()).await;
    let store = RedisStoreOptions::new()
        .prefix(records.name())
        .answered_within(Duration::from_millis(300))
        .connect(&url)
        .await
        .unwrap();
    proxy.swallow_next_answer();
    let claim = new_claim();
    let error = store.claim(claim.clone()).await.unwrap_err();
    assert!(error.is_unknown(), "{error:?}");
    win(&store, &claim).await;
    let found = store.claim(retry(&claim)).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");
}

#[tokio::test]
async fn claims_succeed_again_though_every_connection_hangs() {
    let Hung { store, proxy, .. } = &Hung::new().await;
    let claim = new_claim();
    win(store, &claim).await;
    proxy.silence_all();
    // Each lane notices by the first step that is left.
    for _ in 0..2 {
        let left = tokio::time::timeout(Duration::from_millis(100), store.claim(new_claim()));
        let _ = left.await;
        let renewal = store.renew(claim.record, claim.attempt, claim.lease);
        let _ = tokio::time::timeout(Duration::from_millis(100), renewal).await;
    }
    at_once(win(store, &new_claim())).await;
    let renewed = at_once(store.renew(claim.record, claim.attempt, claim.lease)).await;
    assert_eq!(renewed.unwrap(), Fence::Held);
}

#[tokio::test]
async fn a_claim_that_comes_after_its_withdrawal_is_refused() {
    let Hung { store, .. } = &Hung::new().await;
    let claim = new_claim();
    assert_eq!(store.withdraw(claim.clone()).await.unwrap(), Fence::Held);
    let late = store.claim(claim.clone()).await.unwrap();
    assert_eq!(late, Claimed::Withdrawn);
    win(store, &retry(&claim)).await;
}
