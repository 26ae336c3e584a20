//! Running records that nobody comes back for.

use std::time::Duration;

use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claimed, Fence, Store, Takeover};
use redis::cmd;

use crate::support::{Bench, complete, eventually, new_claim_for, retry, win};

const NEVER: i64 = -1;
const KEEP: Duration = Duration::from_mins(10);

#[tokio::test]
async fn a_running_record_stays_for_its_lease_and_what_it_is_kept_after_that() {
    let bench = Bench::new().await;
    let claim = new_claim_for(Duration::from_secs(30)).keep_abandoned(KEEP);
    win(&bench.store, &claim).await;
    let left = bench.pttl(&claim).await;
    assert!((600_000..=630_000).contains(&left), "{left}");

    let renewed = bench
        .store
        .renew(claim.record, claim.attempt, Duration::from_mins(5));
    assert_eq!(renewed.await.unwrap(), Fence::Held);
    let left = bench.pttl(&claim).await;
    assert!((870_000..=900_000).contains(&left), "{left}");

    complete(&bench.store, &claim, Ttl::Forever).await;
    assert_eq!(bench.pttl(&claim).await, NEVER);
}

#[tokio::test]
async fn a_record_that_nobody_came_back_for_goes_by_itself() {
    let bench = Bench::new().await;
    let claim =
        new_claim_for(Duration::from_millis(100)).keep_abandoned(Duration::from_millis(100));
    win(&bench.store, &claim).await;
    eventually("the key is gone", async || {
        let keys: i64 = bench.ask(cmd("EXISTS").arg(bench.key(claim.record))).await;
        keys == 0
    })
    .await;
    win(&bench.store, &retry(&claim)).await;
}

#[tokio::test]
async fn the_last_attempt_that_may_be_abandoned_stays_until_somebody_settles_it() {
    let bench = Bench::new().await;
    let first = new_claim_for(Duration::ZERO)
        .keep_abandoned(KEEP)
        .takeover(Takeover::UpTo(2));
    win(&bench.store, &first).await;
    assert!(bench.pttl(&first).await > 0);

    let second = retry(&first);
    let won = match bench.store.claim(second.clone()).await.unwrap() {
        Claimed::Won(won) => won,
        other => panic!("{other:?}"),
    };
    assert_eq!(won.generation, first.attempt);
    assert_eq!(won.abandoned, 1);
    assert_eq!(bench.pttl(&second).await, NEVER);
    let found = bench.store.claim(retry(&first)).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");

    // A withdrawal makes it as it was.
    let lives = retry(&first);
    let renewed = bench
        .store
        .renew(second.record, second.attempt, Duration::from_secs(30));
    assert_eq!(renewed.await.unwrap(), Fence::Held);
    let withdrawn = bench.store.withdraw(second.clone()).await.unwrap();
    assert_eq!(withdrawn, Fence::Held);
    assert!(bench.pttl(&second).await > 0);
    let won = bench.store.claim(lives).await.unwrap();
    assert!(matches!(won, Claimed::Won(won) if won.abandoned == 1));
}
