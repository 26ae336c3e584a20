//! The built program.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// Nothing here takes longer, but for a machine that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The program, with nothing of what our own environment asks of it.
pub(crate) fn payments() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payments"));
    command
        .env_remove("RUST_LOG")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null());
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

/// Reads the address out of `listening on http://127.0.0.1:3000, data in payments-data`.
pub(crate) fn listening_on(line: &str) -> SocketAddr {
    let (addr, _) = line
        .strip_prefix("listening on http://")
        .unwrap()
        .split_once(',')
        .unwrap();
    addr.parse().unwrap()
}

/// Runs the demo to its end.
pub(crate) async fn demo_ends_well(program: &mut Command) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(program.arg("--demo")).await;
    let (told, complaint) = (
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    );
    assert!(status.success(), "{told}\n{complaint}");
    assert!(
        told.contains("Every answer was as promised: 5 payments"),
        "{told}"
    );
    assert!(
        !told.contains('\u{1b}'),
        "no colours where nobody sees them"
    );
    let widest = told.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{told}");
}
