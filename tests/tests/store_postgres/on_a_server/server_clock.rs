//! The server's own clock, by which everything is judged.

use std::time::Duration;

use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claim, Claimed, State, Store};

use crate::support::{Postgres, claim, complete};

#[tokio::test]
async fn the_servers_clock_ends_a_lease_and_a_window() {
    let harness = Postgres::plain();
    let store = harness.store().await;
    let claim = claim();
    let claim = Claim::new(
        claim.record,
        claim.fingerprint,
        claim.attempt,
        Duration::from_millis(50),
    );
    let won = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(won, Claimed::Won(_)));
    let abandoned = || async {
        let record = store.load(claim.record).await.unwrap().unwrap();
        matches!(record.state, State::Running { abandoned, .. } if abandoned)
    };
    while !abandoned().await {}

    complete(&store, &claim, Ttl::After(Duration::from_millis(50))).await;
    while store.load(claim.record).await.unwrap().is_some() {}
    assert_eq!(store.sweep(10).await.unwrap(), 1);
}
