//! Outcomes that are more than the server takes at once.

use idempotent_runtime::store::{State, Store};
use sqlx::Row as _;

use super::*;
use crate::chain;

#[tokio::test]
async fn an_outcome_that_is_too_large_fails_its_own_step_and_says_why() {
    let table = Table::new();
    let store = table.open().await;
    let rows = table.sql("SELECT CAST(@@max_allowed_packet AS CHAR)").await;
    let limit: usize = rows[0].get::<String, _>(0).parse().unwrap();
    let claim = claim(1);
    win(&store, &claim).await;
    let body = |size| Outcome::new(200, Headers::default(), vec![b'x'; size]);
    let large = |size| Completion::new(Disposition::Completed, Some(body(size)), Ttl::hours(1));

    let fence = store.complete(claim.record, claim.attempt, large(limit));
    let error = fence.await.unwrap_err();
    assert!(error.is_too_large());
    let told = &chain(&error)[1];
    let limit_told = format!("no more than {limit}: raise its `max_allowed_packet`");
    assert!(told.ends_with(&limit_told), "{told}");
    let fence = store.publish(claim.record, claim.attempt, body(2 * limit));
    assert!(fence.await.unwrap_err().is_too_large());

    // What just fits is kept and comes back.
    let fits = limit - 8192;
    complete(&store, &claim, large(fits)).await;
    let State::Done { outcome, .. } = find(&store, &retry(&claim)).await.state else {
        panic!("it is not done");
    };
    assert_eq!(outcome, Some(body(fits)));
}
