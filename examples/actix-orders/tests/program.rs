//! The built program: its demo, and how it starts and stops.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// Nothing here takes longer, except on a machine that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn the_demo_ends_well() {
    let ended = output(actix_orders().arg("--demo")).await;
    let told = String::from_utf8(ended.stdout).unwrap();
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success(), "{told}\n{complaint}");
    assert!(
        told.contains("Every answer was as promised: 5 orders"),
        "{told}"
    );
    let widest = told.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{told}");
}

#[tokio::test]
async fn a_port_in_use_is_reported_in_one_line() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let ended = output(
        actix_orders()
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

/// The client leaves, then the server is told to stop: the order that is being placed is placed all the same.
#[cfg(unix)]
#[tokio::test]
async fn a_stop_waits_for_a_handler_whose_client_has_left() {
    let data = tempfile::tempdir().unwrap();
    let mut server = actix_orders()
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
        let client = slow_order(addr).await;
        while !log
            .next_line()
            .await
            .unwrap()
            .unwrap()
            .contains("reserving goods")
        {}
        drop(client);
        let id = server.id().unwrap().to_string();
        let asked = output(Command::new("kill").args(["-TERM", &id])).await;
        assert!(asked.status.success());
        server.wait().await.unwrap()
    };
    let stopped = tokio::time::timeout(PATIENCE, stopped).await.unwrap();
    assert!(stopped.success());

    let database = actix_orders::database::open(&data.path().join("orders.db"))
        .await
        .unwrap();
    let placed: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(placed, 1);
}

#[cfg(unix)]
async fn slow_order(addr: SocketAddr) -> TcpStream {
    let body = r#"{"sku": "crate", "quantity": 4}"#;
    let length = body.len();
    let request = format!(
        "POST /orders HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer acme-demo-key\r\n\
         Idempotency-Key: order-1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

/// The program, with nothing of the test's own environment that it would look at.
fn actix_orders() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actix-orders"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// How it ended, and what it said.
async fn output(command: &mut Command) -> Output {
    let ended = command.kill_on_drop(true).output();
    tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap()
}

/// Reads the address out of `listening on http://127.0.0.1:3000, data in actix-orders-data`.
fn listening_on(line: &str) -> SocketAddr {
    let (addr, _) = line
        .strip_prefix("listening on http://")
        .unwrap()
        .split_once(',')
        .unwrap();
    addr.parse().unwrap()
}
