#![allow(clippy::unwrap_used)]

use std::error::Error as _;

use futures_util::future::join_all;
use sqlx::Postgres;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::store::StoreError;

async fn nowhere() -> PgConnectOptions {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    options(&listener)
}

fn options(listener: &TcpListener) -> PgConnectOptions {
    let port = listener.local_addr().unwrap().port();
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
}

#[tokio::test]
async fn a_refused_connection_is_known_at_once_and_to_all_who_wait() {
    let connections = Connections::<Postgres>::own(nowhere().await, 4);
    let begun = Instant::now();
    let leases = join_all((0..5_000).map(|it| {
        connections.acquire(if it % 2 == 0 {
            Lane::Claims
        } else {
            Lane::Attempts
        })
    }));
    for lease in leases.await {
        let error = StoreError::from(lease.expect_err("nobody listens"));
        assert!(error.is_not_sent());
        let cause = error.source().unwrap().source().unwrap();
        assert!(cause.to_string().contains("refused"), "{cause}");
    }
    assert!(begun.elapsed() < PATIENCE / 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_does_not_greet_is_not_waited_for_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connections = Connections::<Postgres>::own(options(&listener), 4);
    let refused = connections.acquire(Lane::Claims).await;
    assert!(matches!(refused, Err(NoConnection::NoneFree)));
}

#[test]
fn a_quarter_of_the_connections_is_left_to_attempts() {
    let left = |most: u32| most as usize - for_claims(most);
    assert_eq!([1, 2, 4, 8, 16, 64].map(left), [0, 1, 1, 2, 4, 4]);
}
