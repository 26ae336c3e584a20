//! Outcomes that the server does not hold.

use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Fence, Store, StoreError};
use idempotent_test_servers::Redis;
use redis::cmd;

use crate::support::{Bench, chain, completion, new_claim, win};

/// Completes with a body of this size, as often as it takes until the answer is known.
async fn complete(bench: &Bench, body: usize) -> Result<Fence, StoreError> {
    let claim = new_claim();
    win(&bench.store, &claim).await;
    let mut large = completion(Ttl::hours(1));
    large.outcome = Some(Outcome::new(200, Headers::default(), vec![7; body]));
    let answer = bench
        .store
        .complete(claim.record, claim.attempt, large)
        .await;
    if answer.is_err() {
        // It may be completed without.
        let mut without = completion(Ttl::hours(1));
        without.outcome = None;
        let fence = bench
            .store
            .complete(claim.record, claim.attempt, without)
            .await;
        assert_eq!(fence.unwrap(), Fence::Held);
    }
    answer
}

#[tokio::test]
async fn an_outcome_beyond_the_servers_limit_is_too_large() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let mut limit = cmd("CONFIG");
    limit.arg("SET").arg("proto-max-bulk-len").arg(1024 * 1024);
    let () = bench.ask(&limit).await;
    assert_eq!(complete(&bench, 1000 * 1000).await.unwrap(), Fence::Held);
    for body in [1024 * 1024 + 1, 8 * 1024 * 1024] {
        let error = complete(&bench, body).await.unwrap_err();
        assert!(error.is_too_large(), "{body}: {:?}", chain(&error));
    }
}
