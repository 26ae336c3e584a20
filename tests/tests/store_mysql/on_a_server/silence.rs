//! Connections that fall silent, and servers that are not there.

use std::time::Instant;

use idempotent_runtime::store::Store;
use idempotent_tests::Proxy;

use super::*;
use crate::chain;

/// As long as the engine waits for one try of a step.
const TRY: Duration = Duration::from_millis(2_500);

async fn behind_a_proxy(table: &Table, connections: u32) -> (MySqlStore, Proxy) {
    table.open().await;
    let (proxy, url) = Proxy::before(&mysql_url()).await;
    let options = table.options().max_connections(connections);
    (options.connect(&url).await.unwrap(), proxy)
}

#[tokio::test]
async fn a_renewal_whose_first_sending_hangs_is_answered_at_once_when_repeated() {
    for is_left_before_it_is_repeated in [true, false] {
        let table = Table::new();
        let (store, proxy) = behind_a_proxy(&table, 4).await;
        let claim = claim(1);
        win(&store, &claim).await;
        proxy.quiet().await;
        proxy.silence_next();
        let hung = tokio::spawn({
            let (store, claim) = (store.clone(), claim.clone());
            async move { store.renew(claim.record, claim.attempt, claim.lease).await }
        });
        proxy.silenced(1).await;
        if is_left_before_it_is_repeated {
            hung.abort();
        }

        let begun = Instant::now();
        let repeated = store.renew(claim.record, claim.attempt, claim.lease);
        assert_eq!(repeated.await.unwrap(), Fence::Held);
        complete(&store, &claim, completion("done")).await;
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
        assert!(is_left_before_it_is_repeated || !hung.is_finished());
        hung.abort();
    }
}

#[tokio::test]
async fn a_completion_whose_answer_is_swallowed_is_answered_when_repeated() {
    let table = Table::new();
    let (store, proxy) = behind_a_proxy(&table, 4).await;
    // The connection knows the statement by then, and has nothing to ask but to run it.
    let before = claim(2);
    win(&store, &before).await;
    complete(&store, &before, completion("before")).await;
    let claim = claim(1);
    win(&store, &claim).await;
    proxy.swallow_next_answer();
    let hung = store.complete(claim.record, claim.attempt, completion("done"));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), hung)
            .await
            .is_err()
    );
    let begun = Instant::now();
    complete(&store, &claim, completion("again")).await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    let record = store.load(claim.record).await.unwrap().unwrap();
    let State::Done { outcome: kept, .. } = record.state else {
        panic!("it is not done");
    };
    assert_eq!(kept, Some(outcome("done")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_succeed_soon_after_all_connections_fell_silent() {
    let table = Table::new();
    let (store, proxy) = behind_a_proxy(&table, 4).await;
    let all: Vec<_> = (0..16)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { win(&store, &claim(number)).await })
        })
        .collect();
    for each in all {
        each.await.unwrap();
    }
    proxy.silence_all();
    let begun = Instant::now();
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 1_000 * (caller + 1).. {
                    let tried = tokio::time::timeout(TRY, store.claim(claim(number))).await;
                    if let Ok(Ok(Claimed::Won(_))) = tried {
                        return;
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_claim_that_waits_for_a_connection_in_vain_is_never_executed() {
    let table = Table::new();
    let (store, proxy) = behind_a_proxy(&table, 1).await;
    win(&store, &claim(1)).await;
    proxy.silence_next();
    let hung = tokio::spawn({
        let store = store.clone();
        async move { store.load(record(1)).await }
    });
    proxy.silenced(1).await;
    let waiting = claim(2);
    let waited = tokio::time::timeout(Duration::from_millis(100), store.claim(waiting.clone()));
    assert!(waited.await.is_err());
    hung.abort();
    assert!(hung.await.is_err());
    // Steps behind it were done, and it was not.
    win(&store, &claim(3)).await;
    let other = table.open().await;
    assert_eq!(other.load(waiting.record).await.unwrap(), None);
    let rows = table.sql("SELECT record FROM {table}").await;
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn renewals_do_not_wait_behind_claims() {
    let table = Table::new();
    let (store, _proxy) = behind_a_proxy(&table, 4).await;
    let held = claim(1);
    win(&store, &held).await;
    // Claims of a row that somebody has locked, more of them than there are connections.
    let locked = claim(2);
    win(&store, &locked).await;
    release(&store, &locked).await;
    let mut other = connect().await;
    let lock = format!(
        "BEGIN; SELECT * FROM {{table}} WHERE record = x'{:016x}{:048}' FOR UPDATE",
        2, 0
    );
    table.sql_on(&mut other, &lock).await;
    let waiting: Vec<_> = (0..16)
        .map(|_| {
            let (store, claim) = (store.clone(), retry(&locked));
            tokio::spawn(async move { store.claim(claim).await })
        })
        .collect();
    let blocked = "SELECT id FROM information_schema.processlist WHERE info LIKE '%{table}%' AND info LIKE 'UPDATE%'";
    while table.sql(blocked).await.len() < 3 {}
    let renewing = store.renew(held.record, held.attempt, held.lease);
    let renewed = tokio::time::timeout(Duration::from_secs(1), renewing).await;
    table.sql_on(&mut other, "ROLLBACK").await;
    assert_eq!(renewed.unwrap().unwrap(), Fence::Held);
    let mut won = 0;
    for claim in waiting {
        won += usize::from(matches!(claim.await.unwrap().unwrap(), Claimed::Won(_)));
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_server_that_refuses_connections_is_known_at_once_and_nothing_was_sent() {
    let table = Table::new();
    let server = idempotent_test_servers::MariaDb::new()
        .fast()
        .start()
        .unwrap();
    let store = MySqlStoreOptions::new()
        .connect(server.url())
        .await
        .unwrap();
    drop(server);
    drop(table);
    for _ in 0..3 {
        let begun = Instant::now();
        let error = store.claim(claim(1)).await.unwrap_err();
        // The first finds out that its connection is gone.
        assert!(error.is_not_sent(), "{:?}", chain(&error));
        assert!(
            begun.elapsed() < Duration::from_millis(500),
            "{:?}",
            begun.elapsed()
        );
    }
}
