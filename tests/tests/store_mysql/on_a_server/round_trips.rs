//! Each step is one command to the server.

use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store::{Resolution, Store};

use super::proxy::{Command, Proxy};
use super::*;

/// Every kind of step, each with what it asked of the server.
async fn steps(store: &MySqlStore, proxy: &Proxy, first: u64) -> Vec<(&'static str, Vec<Command>)> {
    let (one, two, three) = (claim(first), claim(first + 1), claim(first + 2));
    let mut asked = Vec::new();
    let mut note = |step| asked.push((step, proxy.take()));
    proxy.take();

    win(store, &one).await;
    note("a claim of an absent record");
    find(store, &retry(&one)).await;
    note("a claim that finds a running record");
    let fence = store.renew(one.record, one.attempt, Duration::from_secs(9));
    assert_eq!(fence.await.unwrap(), Fence::Held);
    note("renew");
    let fence = store.publish(one.record, one.attempt, outcome("soon"));
    assert_eq!(fence.await.unwrap(), Fence::Held);
    note("publish");
    complete(store, &one, completion("done")).await;
    note("complete");
    complete(store, &one, completion("done")).await;
    note("a repeated completion");
    find(store, &retry(&one)).await;
    note("a replay");
    assert!(store.load(one.record).await.unwrap().is_some());
    note("load");

    win(store, &two).await;
    proxy.take();
    release(store, &two).await;
    note("release");
    win(store, &retry(&two)).await;
    note("a claim of a released record");
    let seen = store.load(two.record).await.unwrap().unwrap().attempt;
    proxy.take();
    assert_eq!(store.forget(two.record, seen).await.unwrap(), Fence::Held);
    note("forget");

    win(store, &three).await;
    let fence = store.renew(three.record, three.attempt, Duration::ZERO);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    proxy.take();
    let taking = retry(&three);
    win(store, &taking).await;
    note("a takeover");
    let fence = store.renew(three.record, taking.attempt, Duration::ZERO);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    proxy.take();
    let resolution = Resolution::Complete(completion("settled"));
    let settling = AttemptId::random();
    let fence = store.resolve(three.record, taking.attempt, settling, resolution);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    note("resolve");
    asked
}

async fn assert_one_each(protocol: Protocol) {
    let (table, proxy) = (Table::new(), Proxy::start().await);
    table.open().await;
    let store = table
        .options()
        // Prepared statements are a connection's.
        .max_connections(1)
        .protocol(protocol)
        .connect(&proxy.url)
        .await
        .unwrap();
    steps(&store, &proxy, 10).await;
    for (step, commands) in steps(&store, &proxy, 20).await {
        let is_claim = step.contains("claim") || ["a replay", "a takeover"].contains(&step);
        let is_as_expected = match &commands[..] {
            [Command::Query(_)] => is_claim || protocol == Protocol::Simple,
            [Command::Execute] => !is_claim && protocol == Protocol::Prepared,
            _ => false,
        };
        assert!(is_as_expected, "{step}: {commands:?}");
    }
}

#[tokio::test]
async fn a_step_is_one_command() {
    assert_one_each(Protocol::Prepared).await;
}

#[tokio::test]
async fn a_step_as_text_is_one_command() {
    assert_one_each(Protocol::Simple).await;
}

#[tokio::test]
async fn a_replay_writes_nothing() {
    let table = Table::new();
    let store = table
        .options()
        .max_connections(1)
        .connect(&mysql_url())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let claim = claim(1);
    win(&store, &claim).await;
    complete(&store, &claim, completion("done")).await;
    // Nobody else may write to the row, nor read it for writing, and a replay does not notice.
    let mut other = connect().await;
    table
        .sql_on(&mut other, "BEGIN; SELECT * FROM {table} FOR UPDATE")
        .await;
    find(&store, &retry(&claim)).await;
    table.sql_on(&mut other, "ROLLBACK").await;
}
