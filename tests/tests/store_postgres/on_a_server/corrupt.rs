//! Rows that cannot be read.

use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness as _;
use idempotent_runtime::store::{List, Store, Which};
use std::collections::HashSet;
use std::time::Duration;

use crate::support::{Postgres, complete, win};

#[tokio::test]
async fn a_listing_goes_on_behind_a_row_that_cannot_be_read() {
    let harness = Postgres::plain();
    let store = harness.open().await;
    let mut claims = Vec::new();
    for _ in 0..3 {
        let claim = win(&*store).await;
        complete(&*store, &claim, Ttl::hours(1)).await;
        claims.push(claim);
    }
    claims.sort_by_key(|it| it.record);
    let damaged = claims.remove(1).record;
    harness
        .run(&format!(
            "UPDATE {} SET attempt = '\\x00' WHERE record = '\\x{damaged}'",
            harness.table
        ))
        .await;
    let sound: HashSet<_> = claims.iter().map(|it| it.record).collect();
    let soon = Duration::from_hours(2);
    for which in [Which::All, Which::ExpiringWithin(soon)] {
        let page = store.list(List::new(which)).await.unwrap();
        let listed: HashSet<_> = page.records.iter().map(|it| it.record).collect();
        assert_eq!(listed, sound);
    }
}
