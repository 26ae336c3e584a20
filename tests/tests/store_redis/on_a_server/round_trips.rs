//! What a step costs, and what it holds.

use std::collections::HashMap;

use bytes::Bytes;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claimed, Fence, Label, Resolution, Store};
use idempotent_test_servers::Redis;
use redis::cmd;

use crate::support::{Bench, completion, new_claim, new_claim_for, outcome, retry, win};

/// Every step once, and what each leaves to the next.
async fn all_steps(store: &dyn Store) {
    let claim = new_claim_for(std::time::Duration::ZERO);
    let (record, attempt) = (claim.record, claim.attempt);
    win(store, &claim).await;
    let by = AttemptId::random();
    for fence in [
        store.renew(record, attempt, claim.lease).await,
        store.publish(record, attempt, outcome("begun")).await,
        store
            .resolve(record, attempt, by, Resolution::Release)
            .await,
        store.forget(record, by).await,
    ] {
        assert_eq!(fence.unwrap(), Fence::Held);
    }
    assert_eq!(store.load(record).await.unwrap(), None);
    win(store, &claim).await;
    let fence = store.release(record, attempt).await;
    assert_eq!(fence.unwrap(), Fence::Held);
    let fence = store.withdraw(claim.clone()).await;
    assert_eq!(fence.unwrap(), Fence::Held);
    let claim = retry(&claim);
    let attempt = claim.attempt;
    win(store, &claim).await;
    let fence = store
        .complete(record, attempt, completion(Ttl::hours(1)))
        .await;
    assert_eq!(fence.unwrap(), Fence::Held);
    let found = store.claim(retry(&claim)).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");
}

const STEPS: u64 = 12;
const SCRIPTS: u64 = 9;

/// How often clients sent which command, since the last time.
async fn sent(bench: &Bench) -> HashMap<String, u64> {
    let stats: String = bench.ask(cmd("INFO").arg("commandstats")).await;
    let () = bench.ask(cmd("CONFIG").arg("RESETSTAT")).await;
    stats
        .lines()
        .filter_map(|line| {
            let (name, numbers) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let calls = numbers.split(',').next()?.parse().ok()?;
            Some((name.to_owned(), calls))
        })
        .collect()
}

#[tokio::test]
async fn a_step_is_one_round_trip_once_the_server_knows_its_script() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    let () = bench.ask(cmd("SCRIPT").arg("FLUSH")).await;
    sent(&bench).await;
    all_steps(&bench.store).await;
    let first = sent(&bench).await;
    assert_eq!(first.get("evalsha"), Some(&STEPS), "{first:?}");
    assert_eq!(first.get("eval"), Some(&SCRIPTS), "{first:?}");

    all_steps(&bench.store).await;
    let second = sent(&bench).await;
    assert_eq!(second.get("evalsha"), Some(&STEPS), "{second:?}");
    assert_eq!(second.get("eval"), None, "{second:?}");
    assert_eq!(second.get("script|load"), None, "{second:?}");
}

#[tokio::test]
async fn scripts_that_the_server_forgets_in_between_harm_nothing() {
    let server = Redis::new().start().unwrap();
    let bench = Bench::on(server.url().to_owned()).await;
    for _ in 0..3 {
        let flush = async {
            for _ in 0..20 {
                let () = bench.ask(cmd("SCRIPT").arg("FLUSH")).await;
            }
        };
        tokio::join!(all_steps(&bench.store), flush);
    }
}

#[tokio::test]
async fn one_of_many_claims_wins_over_several_connections() {
    let bench = Bench::new().await;
    let first = new_claim();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = bench.another().await;
        for _ in 0..32 {
            let (store, claim) = (store.clone(), retry(&first));
            tasks.push(tokio::spawn(
                async move { store.claim(claim).await.unwrap() },
            ));
        }
    }
    let mut won = 0;
    for task in tasks {
        won += usize::from(matches!(task.await.unwrap(), Claimed::Won(_)));
    }
    assert_eq!(won, 1);
}

/// What the documentation of `RedisStore` says: 300 bytes of body, 60 of headers.
#[tokio::test]
async fn a_record_takes_as_much_memory_as_the_documentation_says() {
    let bench = Bench::new().await;
    let claim = new_claim().label(Label::new("billing", "POST /payments/{}"));
    win(&bench.store, &claim).await;
    let memory = async || -> usize {
        bench
            .ask(cmd("MEMORY").arg("USAGE").arg(bench.key(claim.record)))
            .await
    };
    let running = memory().await;
    let headers = Headers::pack([
        ("content-type", &b"application/json"[..]),
        ("etag", b"\"0123456789\""),
    ]);
    let mut done = completion(Ttl::hours(24));
    done.outcome = Some(Outcome::new(
        201,
        headers.unwrap(),
        Bytes::from(vec![b'x'; 300]),
    ));
    let fence = bench.store.complete(claim.record, claim.attempt, done);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let done = memory().await;
    println!("running {running}, done {done}");
    assert!(running <= 400, "{running}");
    assert!(done <= 1_300, "{done}");
}
