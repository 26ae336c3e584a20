//! The built program.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// Nothing here takes longer, except on a machine that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The program, with nothing of the test's own environment that it would look at.
pub(crate) fn actix_orders() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actix-orders"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// How it ended, and what it said.
pub(crate) async fn output(command: &mut Command) -> Output {
    let ended = command.kill_on_drop(true).output();
    tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap()
}

/// Reads the address out of `listening on http://127.0.0.1:3000, data in actix-orders-data`.
pub(crate) fn listening_on(line: &str) -> SocketAddr {
    let (addr, _) = line
        .strip_prefix("listening on http://")
        .unwrap()
        .split_once(',')
        .unwrap();
    addr.parse().unwrap()
}
