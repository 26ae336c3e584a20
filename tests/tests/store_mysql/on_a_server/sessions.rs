//! An application's own pool, whatever its sessions are like.

use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store::{List, Renewal, Resolution, State, Store, Which};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};

use super::*;
use crate::chain;

async fn pool(set: &str) -> MySqlPool {
    let set = format!("SET SESSION {set}");
    MySqlPoolOptions::new()
        .max_connections(4)
        .after_connect(move |connection, _| {
            let set = AssertSqlSafe(set.clone());
            Box::pin(async move { sqlx::raw_sql(set).execute(connection).await.map(drop) })
        })
        .connect(&mysql_url())
        .await
        .unwrap()
}

/// Every transition once.
async fn live(store: &MySqlStore) {
    let first = claim(1);
    win(store, &first).await;
    win(store, &first).await;
    assert!(matches!(
        find(store, &retry(&first)).await.state,
        State::Running { .. }
    ));
    let empty = Outcome::new(204, Headers::default(), "");
    let fence = store.publish(first.record, first.attempt, empty.clone());
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let fence = store.renew(first.record, first.attempt, Duration::ZERO);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let second = retry(&first);
    for _ in 0..2 {
        let Claimed::Won(won) = store.claim(second.clone()).await.unwrap() else {
            panic!("it was not taken over");
        };
        assert_eq!(won.taken_from, Some(first.attempt));
        assert_eq!(won.provisional, Some(empty.clone()));
        assert_eq!((won.generation, won.abandoned), (first.attempt, 1));
    }
    let done = Completion::new(Disposition::Completed, Some(empty.clone()), Ttl::hours(1));
    let fence = store.complete(first.record, first.attempt, done.clone());
    assert_eq!(fence.await.unwrap(), Fence::Lost);
    complete(store, &second, done).await;
    complete(store, &second, completion("changed")).await;
    let kept = State::Done {
        disposition: Disposition::Completed,
        outcome: Some(empty),
    };
    assert_eq!(find(store, &first).await.state, kept);
    assert_eq!(store.sweep(10).await.unwrap(), 0);
    assert_eq!(
        store.forget(second.record, second.attempt).await.unwrap(),
        Fence::Held
    );

    let third = claim(2);
    win(store, &third).await;
    let fence = store.renew(third.record, third.attempt, Duration::ZERO);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let settling = AttemptId::random();
    for _ in 0..2 {
        let fence = store.resolve(third.record, third.attempt, settling, Resolution::Release);
        assert_eq!(fence.await.unwrap(), Fence::Held);
    }
    let fourth = retry(&third);
    win(store, &fourth).await;
    release(store, &fourth).await;
    release(store, &fourth).await;

    let fifth = claim(3);
    assert_eq!(store.withdraw(fifth.clone()).await.unwrap(), Fence::Held);
    assert_eq!(store.claim(fifth).await.unwrap(), Claimed::Withdrawn);
    let sixth = claim(4).label(Label::new("Läden", "\\'; DROP — 🦀"));
    win(store, &sixth).await;
    let renewals = vec![
        Renewal::new(sixth.record, sixth.attempt, Duration::from_mins(5)),
        Renewal::new(third.record, third.attempt, Duration::from_mins(5)),
    ];
    let renewed = store.renew_all(renewals).await;
    let renewed: Vec<_> = renewed.into_iter().map(Result::unwrap).collect();
    assert_eq!(renewed, [Fence::Held, Fence::Lost]);
    assert_eq!(find(store, &retry(&sixth)).await.label, sixth.label);
    let listed = store.list(List::new(Which::All)).await.unwrap().records;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].label, sixth.label);
    assert_eq!(
        store.forget(sixth.record, sixth.attempt).await.unwrap(),
        Fence::Held
    );
    // The marks of those that gave their records back stay for a while.
    assert_eq!(store.sweep(10).await.unwrap(), 0);
}

async fn assert_lives(set: &str, protocol: Protocol) {
    let table = Table::new();
    let store = table
        .options()
        .protocol(protocol)
        .with_pool(pool(set).await)
        .unwrap();
    store.migrate().await.unwrap();
    live(&store).await;
    let claim = claim(7);
    win(&store, &claim).await;
    // Another session's clock shows another hour, and both mean the same.
    let own = table.open().await;
    assert!(matches!(
        find(&own, &retry(&claim)).await.state,
        State::Running {
            abandoned: false,
            ..
        }
    ));
    let left = "SELECT CAST(lease_until DIV 1000 - UNIX_TIMESTAMP() AS SIGNED) FROM {table} WHERE state = 0";
    let left: i64 = sqlx::Row::get(&table.sql(left).await[0], 0);
    assert!((290..=300).contains(&left), "{set}: {left}");
}

async fn assert_lives_in_all(settings: &[&str]) {
    for set in settings {
        for protocol in [Protocol::Prepared, Protocol::Simple] {
            assert_lives(set, protocol).await;
        }
    }
}

#[tokio::test]
async fn any_time_zone_and_character_set_will_do() {
    assert_lives_in_all(&[
        "time_zone = '+05:30'",
        "time_zone = '-11:00'",
        "character_set_client = latin1, character_set_connection = latin1, character_set_results = latin1",
    ])
    .await;
}

#[tokio::test]
async fn a_session_that_guards_against_mistakes_will_do() {
    assert_lives_in_all(&["sql_safe_updates = 1", "sql_select_limit = 1"]).await;
}

#[tokio::test]
async fn any_isolation_will_do() {
    for level in [
        "READ UNCOMMITTED",
        "READ COMMITTED",
        "REPEATABLE READ",
        "SERIALIZABLE",
    ] {
        let set = format!("TRANSACTION ISOLATION LEVEL {level}");
        assert_lives_in_all(&[&set]).await;
    }
}

#[tokio::test]
async fn any_sql_mode_will_do() {
    assert_lives_in_all(&[
        "sql_mode = ''",
        "sql_mode = 'ANSI,TRADITIONAL'",
        "sql_mode = 'NO_UNSIGNED_SUBTRACTION,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,IGNORE_SPACE'",
    ])
    .await;
    if is_mariadb().await {
        assert_lives_in_all(&[
            "sql_mode = 'SIMULTANEOUS_ASSIGNMENT'",
            "sql_mode = 'EMPTY_STRING_IS_NULL'",
            "sql_mode = 'ORACLE'",
        ])
        .await;
    }
}

#[tokio::test]
async fn a_pool_that_does_not_commit_is_told_of() {
    let table = Table::new();
    table.open().await;
    let store = table
        .options()
        .with_pool(pool("autocommit = 0").await)
        .unwrap();
    let error = store.claim(claim(1)).await.unwrap_err();
    assert!(error.is_unavailable());
    let told = chain(&error);
    assert!(told[1].contains("`autocommit = 1`"), "{told:?}");
    assert_eq!(table.open().await.load(record(1)).await.unwrap(), None);
}
