//! A proxy before the server that notes what is sent to it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::mysql_url;

/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>
const QUERY: u8 = 0x03;
const PING: u8 = 0x0e;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;

/// What a client asked of the server, each in a round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Query(String),
    Prepare(String),
    Execute,
    Other(u8),
}

/// Serves as long as its runtime does.
pub(super) struct Proxy {
    pub(super) url: String,
    commands: Arc<Mutex<Vec<Command>>>,
}

impl Proxy {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = mysql_url();
        let (account, place) = server.rsplit_once('@').unwrap();
        let (host, database) = place.split_once('/').unwrap();
        let proxy = Self {
            url: format!("{account}@{address}/{database}"),
            commands: Arc::default(),
        };
        let (host, commands) = (host.to_owned(), Arc::clone(&proxy.commands));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&host).await.unwrap();
                serve(client, server, Arc::clone(&commands));
            }
        });
        proxy
    }

    /// What was asked since this was last called, in the order in which it came.
    pub(super) fn take(&self) -> Vec<Command> {
        std::mem::take(&mut self.commands.lock().unwrap())
    }
}

fn serve(client: TcpStream, server: TcpStream, commands: Arc<Mutex<Vec<Command>>>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    tokio::spawn(forward(from_client, to_server, commands));
}

/// A packet is its length in three bytes, its number, and its payload. Number 0 begins a command; what belongs to the
/// handshake has others.
async fn forward(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    commands: Arc<Mutex<Vec<Command>>>,
) {
    let mut head = [0; 4];
    while client.read_exact(&mut head).await.is_ok() {
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if client.read_exact(&mut payload).await.is_err() {
            break;
        }
        if head[3] == 0
            && let Some(command) = command(&payload)
        {
            commands.lock().unwrap().push(command);
        }
        let mut packet = head.to_vec();
        packet.extend(payload);
        if server.write_all(&packet).await.is_err() {
            break;
        }
    }
}

fn command(payload: &[u8]) -> Option<Command> {
    let (&kind, rest) = payload.split_first()?;
    let text = || String::from_utf8_lossy(rest).into_owned();
    match kind {
        QUERY => Some(Command::Query(text())),
        PREPARE => Some(Command::Prepare(text())),
        EXECUTE => Some(Command::Execute),
        // sqlx's pool asks for an answer when a connection comes back, after the step has its own.
        PING => None,
        other => Some(Command::Other(other)),
    }
}
