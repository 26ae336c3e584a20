//! The built program: its demo, and how it starts and stops.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::support::{PATIENCE, demo_ends_well, listening_on, output, payments};

#[tokio::test]
async fn the_demo_ends_well() {
    demo_ends_well(&mut payments()).await;
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let ended = output(
        payments()
            .args(["--addr", &addr, "--data"])
            .arg(data.path()),
    )
    .await;
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(
        complaint.contains(&format!("cannot listen on {addr}")),
        "{complaint}"
    );
}

/// The client leaves, then the server is told to stop: the card that is being charged becomes a payment all the same.
#[cfg(unix)]
#[tokio::test]
async fn a_stop_waits_for_a_handler_whose_client_has_left() {
    let data = tempfile::tempdir().unwrap();
    let mut server = payments()
        .args(["--addr", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut told = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    let addr = listening_on(&told.next_line().await.unwrap().unwrap());

    let stopped = async {
        let client = slow_payment(addr).await;
        while !log
            .next_line()
            .await
            .unwrap()
            .unwrap()
            .contains("charging a card")
        {}
        drop(client);
        let id = server.id().unwrap().to_string();
        let asked = output(Command::new("kill").args(["-TERM", &id])).await;
        assert!(asked.status.success());
        server.wait().await.unwrap()
    };
    let stopped = tokio::time::timeout(PATIENCE, stopped).await.unwrap();
    assert!(stopped.success());

    let database = payments::database::open(&data.path().join("payments.db"))
        .await
        .unwrap();
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM payments")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(made, 1);
}

#[cfg(unix)]
async fn slow_payment(addr: SocketAddr) -> TcpStream {
    let body = r#"{"amount": 4200, "currency": "EUR", "source": "tok_slow"}"#;
    let length = body.len();
    let request = format!(
        "POST /payments HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer acme-demo-key\r\n\
         Idempotency-Key: order-1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    client
}
