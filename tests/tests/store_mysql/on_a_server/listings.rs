//! Listings page by page, beyond what every store's are tested for.

use std::collections::BTreeSet;

use idempotent_runtime::store::{Cursor, InvalidCursor, List, Listed, Store, Which};

use super::*;

async fn pages(store: &MySqlStore, list: List) -> (Vec<Listed>, usize) {
    let (mut all, mut next, mut pages) = (Vec::new(), Some(list.clone()), 0);
    while let Some(list) = next {
        let page = store.list(list.clone()).await.unwrap();
        assert!(page.records.len() <= list.limit);
        pages += 1;
        all.extend(page.records);
        next = page.next.map(|cursor| list.after(cursor));
    }
    (all, pages)
}

/// Records that expire in the same millisecond are told apart by their ids.
#[tokio::test]
async fn a_listing_by_expiry_goes_through_records_that_expire_together() {
    let table = Table::new();
    let store = table.open().await;
    for number in 0..25 {
        let claim = claim(number);
        win(&store, &claim).await;
        complete(&store, &claim, completion("done")).await;
    }
    let together = "UPDATE {table} SET expires_at = expires_at - expires_at % 10000000";
    table.sql(&format!("{together} + 20000000")).await;
    let list = List::new(Which::ExpiringWithin(Duration::from_hours(100))).limit(7);
    let (listed, count) = pages(&store, list).await;
    let ids: BTreeSet<_> = listed.iter().map(|it| it.record).collect();
    assert_eq!((listed.len(), ids.len(), count), (25, 25, 4));
}

/// There are more running records than a page looks at, and only some of them are abandoned.
#[tokio::test]
async fn a_listing_of_the_abandoned_goes_through_all_that_run() {
    let table = Table::new();
    let store = table.open().await;
    let insert = "INSERT INTO {table} (record, fingerprint, attempt, state, lease_until) VALUES ";
    let values: Vec<_> = (0..2_500_u64)
        .map(|number| {
            let lease = if number % 500 == 0 {
                "1"
            } else {
                "8000000000000"
            };
            format!(
                "(x'{number:016x}{:048}', REPEAT('f', 32), REPEAT('a', 16), 0, {lease})",
                0
            )
        })
        .collect();
    table.sql(&format!("{insert}{}", values.join(", "))).await;
    let (listed, count) = pages(&store, List::new(Which::Abandoned).limit(2)).await;
    let expected: Vec<_> = (0..5).map(|number| record(number * 500)).collect();
    let ids: Vec<_> = listed.iter().map(|it| it.record).collect();
    assert_eq!(ids, expected);
    assert!(count <= 6, "{count}");
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused() {
    let table = Table::new();
    let store = table.open().await;
    for (which, length) in [
        (Which::All, 31),
        (Which::Abandoned, 40),
        (Which::ExpiringWithin(Duration::ZERO), 32),
    ] {
        let list = List::new(which).after(Cursor::from_bytes(vec![0; length]));
        let error = store.list(list).await.unwrap_err();
        assert!(error.is_not_sent());
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.is::<InvalidCursor>(), "{source}");
    }
}

#[tokio::test]
async fn a_listing_may_begin_behind_the_last_id() {
    let table = Table::new();
    let store = table.open().await;
    let last = Cursor::from_bytes(vec![0xff; 32]);
    let page = store.list(List::new(Which::All).after(last)).await.unwrap();
    assert_eq!((page.records.len(), page.next), (0, None));
}
