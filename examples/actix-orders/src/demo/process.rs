//! The server as a process of its own, which can be killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;

use super::DemoError;

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    addr: SocketAddr,
    log: mpsc::UnboundedReceiver<String>,
    /// Kept, so that the server can write to it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl ServerProcess {
    /// Starts this very program as a server on a free port and waits until it listens.
    pub(super) async fn start(data: &Path) -> Result<Self, DemoError> {
        let program = std::env::current_exe().map_err(DemoError::Start)?;
        let mut child = Command::new(program)
            .args(["--addr", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("RUST_LOG", "actix_orders=info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(DemoError::Start)?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(DemoError::ServerEnded { log: String::new() });
        };
        let mut log = collect(errors);
        let mut output = BufReader::new(output).lines();
        let Some(addr) = output.next_line().await?.as_deref().and_then(listening_on) else {
            return Err(last_words(&mut log).await);
        };
        Ok(Self {
            child,
            addr,
            log,
            _output: output,
        })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for the next line of the log that contains this.
    pub(super) async fn logged(&mut self, text: &str) -> Result<String, DemoError> {
        while let Some(line) = self.log.recv().await {
            if line.contains(text) {
                return Ok(line);
            }
        }
        Err(last_words(&mut self.log).await)
    }

    /// Ends the process at once, with SIGKILL: it can't put anything in order.
    pub(super) async fn kill(mut self) -> Result<(), DemoError> {
        self.child.kill().await?;
        Ok(())
    }
}

/// Reads the address out of `listening on http://127.0.0.1:3000, data in actix-orders-data`.
fn listening_on(line: &str) -> Option<SocketAddr> {
    let (addr, _) = line.strip_prefix("listening on http://")?.split_once(',')?;
    addr.parse().ok()
}

/// Reads line by line, so that a full pipe never holds up the server.
fn collect(from: impl AsyncRead + Send + Unpin + 'static) -> mpsc::UnboundedReceiver<String> {
    let (lines, log) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut from = BufReader::new(from).lines();
        while let Ok(Some(line)) = from.next_line().await {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    log
}

async fn last_words(log: &mut mpsc::UnboundedReceiver<String>) -> DemoError {
    let mut last = String::new();
    while let Some(line) = log.recv().await {
        last = line;
    }
    DemoError::ServerEnded { log: last }
}
