//! Servers that end, stall, fill up or refuse.

use std::time::{Duration, Instant};

use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claimed, Fence, Store, StoreError};
use idempotent_test_servers::Redis;
use redis::cmd;

use crate::support::{
    Bench, chain, complete, completion, durable, eventually, new_claim, outcome, release, retry,
    win,
};

/// As long as a call waits for its claim.
const PATIENCE: Duration = Duration::from_secs(5);

async fn fail(bench: &Bench) -> StoreError {
    let begun = Instant::now();
    let error = bench.store.claim(new_claim()).await.unwrap_err();
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert!(error.is_unavailable(), "{:?}", chain(&error));
    error
}

async fn recover(bench: &Bench) {
    let claim = new_claim();
    eventually("the store works again", async || {
        matches!(bench.store.claim(claim.clone()).await, Ok(Claimed::Won(_)))
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_killed_and_started_again_is_found_with_its_records() {
    let mut server = durable();
    let bench = Bench::on(server.url().to_owned()).await;
    let (running, done) = (new_claim(), new_claim());
    win(&bench.store, &running).await;
    win(&bench.store, &done).await;
    complete(&bench.store, &done, Ttl::hours(1)).await;

    server.kill();
    for _ in 0..3 {
        fail(&bench).await;
    }
    server.start().unwrap();
    recover(&bench).await;
    for claim in [&running, &done] {
        let found = bench.store.claim(retry(claim)).await.unwrap();
        assert!(matches!(found, Claimed::Found(_)), "{found:?}");
    }
    complete(&bench.store, &running, Ttl::hours(1)).await;
}

#[tokio::test]
async fn a_connection_that_was_cut_is_made_again() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    for _ in 0..3 {
        let () = bench
            .ask(cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal"))
            .await;
        recover(&bench).await;
    }
}

#[tokio::test]
async fn a_server_that_refused_a_connection_is_asked_again() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let mut admin = bench.connection().await;
    let id: i64 = cmd("CLIENT")
        .arg("ID")
        .query_async(&mut admin)
        .await
        .unwrap();
    for (setting, refusing, allowing) in [
        ("requirepass", "other", server.password()),
        ("maxclients", "1", "100"),
    ] {
        let () = cmd("CONFIG")
            .arg("SET")
            .arg(setting)
            .arg(refusing)
            .query_async(&mut admin)
            .await
            .unwrap();
        let _: i64 = cmd("CLIENT")
            .arg("KILL")
            .arg("SKIPME")
            .arg("yes")
            .arg("TYPE")
            .arg("normal")
            .query_async(&mut admin)
            .await
            .unwrap();
        for _ in 0..3 {
            fail(&bench).await;
        }
        let () = cmd("CONFIG")
            .arg("SET")
            .arg(setting)
            .arg(allowing)
            .query_async(&mut admin)
            .await
            .unwrap();
        recover(&bench).await;
    }
    let still: i64 = cmd("CLIENT")
        .arg("ID")
        .query_async(&mut admin)
        .await
        .unwrap();
    assert_eq!(id, still);
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up_and_found_again() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let () = bench.ask(cmd("CLIENT").arg("PAUSE").arg(4_000)).await;
    let error = fail(&bench).await;
    assert_eq!(chain(&error)[1], "Redis did not answer in time");
    recover(&bench).await;
}

#[tokio::test]
async fn a_claim_whose_caller_left_is_refused_once_it_was_released() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let claim = new_claim();
    let () = bench.ask(cmd("CLIENT").arg("PAUSE").arg(500)).await;
    let mut left = bench.store.claim(claim.clone());
    assert!(futures_util::poll!(&mut left).is_pending());
    drop(left);
    let withdrawn = bench.store.withdraw(claim.clone()).await.unwrap();
    assert_eq!(withdrawn, Fence::Held);
    win(&bench.store, &retry(&claim)).await;
}

#[tokio::test]
async fn a_replica_is_told_and_left_once_it_is_a_primary() {
    let primary = Redis::new().start().unwrap();
    let replica = Redis::new()
        .setting("masterauth", primary.password())
        .start()
        .unwrap();
    let bench = Bench::on(replica.url().to_owned()).await;
    let () = bench
        .ask(cmd("REPLICAOF").arg("127.0.0.1").arg(primary.port()))
        .await;
    let error = fail(&bench).await;
    assert_eq!(
        chain(&error)[1],
        "this is a replica: connect to the primary"
    );
    let () = bench.ask(cmd("REPLICAOF").arg("NO").arg("ONE")).await;
    recover(&bench).await;
}

#[tokio::test]
async fn with_full_memory_nothing_begins_and_everything_ends() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let [completed, released, forgotten, abandoned] = std::array::from_fn(|_| new_claim());
    for claim in [&completed, &released, &forgotten, &abandoned] {
        win(&bench.store, claim).await;
        let published = bench
            .store
            .publish(claim.record, claim.attempt, outcome("begun"));
        assert_eq!(published.await.unwrap(), Fence::Held);
    }
    let () = bench
        .ask(cmd("CONFIG").arg("SET").arg("maxmemory").arg("1mb"))
        .await;

    let error = fail(&bench).await;
    let told = chain(&error);
    assert!(told[1].contains("`maxmemory`"), "{told:?}");
    assert!(told[2].starts_with("OOM "), "{told:?}");

    for claim in [&completed, &released, &abandoned] {
        let renewed = bench.store.renew(claim.record, claim.attempt, claim.lease);
        assert_eq!(renewed.await.unwrap(), Fence::Held);
    }
    let body = vec![7; 1024 * 1024];
    let mut large = completion(Ttl::hours(1));
    large.outcome = Some(Outcome::new(200, Headers::default(), body));
    let fence = bench
        .store
        .complete(completed.record, completed.attempt, large);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    release(&bench.store, &released).await;
    let fence = bench.store.forget(forgotten.record, forgotten.attempt);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let found = bench.store.claim(retry(&completed)).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");
    // Nothing of the refused claims was written.
    assert!(bench.store.claim(retry(&released)).await.is_err());
    assert_eq!(bench.store.load(released.record).await.unwrap(), None);
    release(&bench.store, &released).await;
}
