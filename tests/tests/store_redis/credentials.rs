//! Passwords appear nowhere.

use std::error::Error;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use idempotent_runtime::store::{RedisStore, RedisStoreError};

use crate::support::chain;

const SECRET: &str = "s3cret-w0rd";

#[track_caller]
fn assert_says_nothing(error: &(dyn Error + 'static)) {
    for told in [
        chain(error).join(": "),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(!told.contains(SECRET), "{told}");
    }
}

async fn fail(url: &str) -> RedisStoreError {
    let single = RedisStore::connect(url).await.unwrap_err();
    let cluster = RedisStore::connect_cluster([url]).await.unwrap_err();
    for error in [&single, &cluster] {
        assert_says_nothing(error);
    }
    single
}

#[tokio::test]
async fn a_url_that_is_none_is_not_quoted() {
    for url in [
        format!("redis//{SECRET}"),
        format!("postgres://user:{SECRET}@localhost"),
        format!("redis://user:{SECRET}@"),
        format!("redis://user:{SECRET}@localhost/{SECRET}"),
        format!("redis://user:{SECRET}@localhost:{SECRET}/"),
        format!("redis://user:{SECRET}@local host/"),
        format!("redis://user:%ff{SECRET}@localhost/"),
        format!("rediss://user:{SECRET}@localhost/#{SECRET}"),
    ] {
        let error = fail(&url).await;
        assert!(
            error
                .to_string()
                .contains("redis://user:password@host:port"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_its_place_alone() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = fail(&format!("redis://user:{SECRET}@127.0.0.1:{port}")).await;
    let told = chain(&error);
    assert_eq!(
        told[0],
        format!("the idempotency store at 127.0.0.1:{port} could not be reached")
    );
    assert!(told.last().unwrap().contains("refused"), "{told:?}");

    let error = fail(&format!("redis://user:{SECRET}@nowhere.invalid")).await;
    assert!(
        error.to_string().contains("nowhere.invalid:6379"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let begun = Instant::now();
    let error = RedisStore::connect(&format!("redis://user:{SECRET}@127.0.0.1:{port}"))
        .await
        .unwrap_err();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_says_nothing(&error);
    let told = chain(&error);
    assert_eq!(told[1], "the idempotency store could not be reached");
    assert_eq!(told[2], "Redis did not answer in time");
}

/// What the client's log lines show of a server.
#[test]
fn the_client_shows_no_password() {
    let client = redis::Client::open(format!("redis://user:{SECRET}@localhost")).unwrap();
    let shown = format!("{client:?}{:?}", client.get_connection_info());
    assert!(!shown.contains(SECRET), "{shown}");
}
