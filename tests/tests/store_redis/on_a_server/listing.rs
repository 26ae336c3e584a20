//! Going through all records.

use std::collections::HashMap;
use std::time::Duration;

use idempotent_runtime::identity::RecordId;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Cursor, Label, List, ListedState, RedisStore, RedisStoreOptions, Store, Which,
};
use idempotent_test_servers::{redis_cluster_urls, redis_url};
use idempotent_tests::OwnRecords;
use redis::cmd;

use crate::support::{Bench, complete, new_claim, new_claim_for, release, win};

/// How often each record is listed, in pages of this size.
async fn times_listed(store: &RedisStore, list: List) -> HashMap<RecordId, usize> {
    let mut times = HashMap::new();
    let mut next = Some(list.clone());
    while let Some(list) = next {
        let page = store.list(list.clone()).await.unwrap();
        assert!(page.records.len() <= list.limit);
        for listed in page.records {
            *times.entry(listed.record).or_default() += 1;
        }
        // As it travels in a URL.
        next = page.next.map(|cursor| {
            let cursor: Cursor = cursor.to_string().parse().unwrap();
            list.after(cursor)
        });
    }
    times
}

#[tokio::test]
async fn every_record_is_listed_in_pages_of_any_size_though_the_prefix_holds_patterns() {
    let records = OwnRecords::at(redis_url());
    let prefix = format!("{}:[a-z]*?\\", records.name());
    let store = RedisStoreOptions::new().prefix(prefix);
    let store = store.connect(records.url()).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..60 {
        let claim = new_claim();
        win(&store, &claim).await;
        made.push(claim.record);
    }
    for limit in [1, 7, 59, 60, 1_000] {
        let times = times_listed(&store, List::new(Which::All).limit(limit)).await;
        assert_eq!(times.len(), made.len(), "pages of {limit}");
        assert!(made.iter().all(|record| times.contains_key(record)));
    }
}

#[tokio::test]
async fn every_record_of_a_cluster_is_listed() {
    let records = OwnRecords::at(redis_cluster_urls().join(","));
    let options = RedisStoreOptions::new().prefix(records.name());
    let store = options.connect_cluster(redis_cluster_urls()).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..60 {
        let claim = new_claim();
        win(&store, &claim).await;
        made.push(claim.record);
    }
    for limit in [1, 7, 1_000] {
        let times = times_listed(&store, List::new(Which::All).limit(limit)).await;
        assert_eq!(times.len(), made.len(), "pages of {limit}");
        assert!(made.iter().all(|record| times.contains_key(record)));
    }
}

#[tokio::test]
async fn other_keys_and_unreadable_records_are_left_out() {
    let bench = Bench::new().await;
    let (good, foreign, unreadable) = (new_claim(), new_claim(), new_claim());
    win(&bench.store, &good).await;
    win(&bench.store, &unreadable).await;
    let key = bench.key(unreadable.record);
    let () = bench.ask(cmd("HSET").arg(key).arg("f").arg("short")).await;
    let key = bench.key(foreign.record);
    let () = bench.ask(cmd("SET").arg(key).arg("mine")).await;
    let key = bench.key(foreign.record).replace(':', ":other:");
    let () = bench.ask(cmd("SET").arg(key).arg("mine")).await;
    let times = times_listed(&bench.store, List::new(Which::All)).await;
    assert_eq!(times.into_keys().collect::<Vec<_>>(), [good.record]);
}

#[tokio::test]
async fn a_listing_tells_states_and_labels() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let [running, done, released] = std::array::from_fn(|_| new_claim());
    let abandoned = new_claim_for(Duration::ZERO).label(Label::new("jobs", "send"));
    for claim in [&running, &done, &released, &abandoned] {
        win(store, claim).await;
    }
    complete(store, &done, Ttl::hours(1)).await;
    release(store, &released).await;

    let listed = async |list| {
        let mut records: Vec<_> = times_listed(store, list).await.into_keys().collect();
        records.sort();
        records
    };
    let sorted = |records: &[RecordId]| {
        let mut records = records.to_vec();
        records.sort();
        records
    };
    let all = sorted(&[running.record, done.record, abandoned.record]);
    assert_eq!(listed(List::new(Which::All)).await, all);
    let jobs = List::new(Which::All).namespace("jobs").operation("send");
    assert_eq!(listed(jobs).await, [abandoned.record]);
    let none = List::new(Which::All)
        .namespace("jobs")
        .operation("POST /orders/{}");
    assert!(listed(none).await.is_empty());
    assert_eq!(listed(List::new(Which::Done)).await, [done.record]);

    let page = store.list(List::new(Which::Abandoned)).await.unwrap();
    let [row] = &page.records[..] else {
        panic!("{page:?}")
    };
    assert_eq!(row.attempt, abandoned.attempt);
    assert_eq!(row.generation, abandoned.attempt);
    assert_eq!(row.label, abandoned.label);
    assert!(row.claimed_at.is_some());
    assert!(matches!(
        row.state,
        ListedState::Running {
            abandoned: true,
            ..
        }
    ));
}

#[tokio::test]
async fn a_cursor_of_somebody_elses_is_refused() {
    let bench = Bench::new().await;
    let list = List::new(Which::All).after(Cursor::behind(new_claim().record));
    let error = bench.store.list(list).await.unwrap_err();
    assert!(error.is_not_sent(), "{error:?}");
}
