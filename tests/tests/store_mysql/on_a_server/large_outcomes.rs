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
    let limit_told = format!("at most {limit}: raise its `max_allowed_packet`");
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

/// A server closes a connection on which too much comes, often before it is heard why: the limit is asked for, even
/// where it is far below the default.
#[tokio::test]
async fn an_outcome_for_a_server_that_takes_little_is_known_to_be_too_large() {
    let server = idempotent_test_servers::MariaDb::new()
        .fast()
        .setting("max-allowed-packet", "65536")
        .start()
        .unwrap();
    let options = MySqlStoreOptions::new().max_connections(2);
    let store = options.connect(server.url()).await.unwrap();
    store.migrate().await.unwrap();
    for number in 0..4 {
        let claim = claim(number);
        win(&store, &claim).await;
        let fence = store.complete(
            claim.record,
            claim.attempt,
            completion(&"x".repeat(100_000)),
        );
        let error = fence.await.unwrap_err();
        assert!(error.is_too_large(), "{:?}", chain(&error));
        // Nothing was done, so it is completed without its outcome.
        let without = Completion::new(Disposition::Completed, None, Ttl::hours(1));
        complete(&store, &claim, without).await;
    }
}
