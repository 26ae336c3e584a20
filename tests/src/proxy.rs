//! A proxy before a server, whose connections can fall silent: they stay open, and nothing passes any more.
//!
//! So does a network that swallows packets after a failover, and a proxy that stalls.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long nothing is sent where it is quiet.
const QUIET: Duration = Duration::from_millis(100);

/// Which connection falls silent next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Nobody,
    /// The one over which something is sent, before the server gets it.
    BeforeTheServer,
    /// The one over which something is sent, once the server has it: the answer is swallowed.
    BeforeTheAnswer,
}

/// Forwards what comes to it, for as long as its runtime lives.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    next: Mutex<Next>,
    connections: Mutex<Vec<Arc<Connection>>>,
    accepted: AtomicUsize,
    /// How often something was sent through here.
    sent: AtomicUsize,
    /// How many connections have fallen silent.
    silent: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Connection {
    to_server: AtomicBool,
    to_client: AtomicBool,
    closed: AtomicBool,
}

impl Proxy {
    /// Starts one before the server at this address.
    pub async fn start(server: impl Into<String>) -> Self {
        let server = server.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            next: Mutex::new(Next::Nobody),
            connections: Mutex::default(),
            accepted: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            silent: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                accepting.serve(client, server);
            }
        });
        Self { address, shared }
    }

    /// Starts one before the server that this URL leads to, and gives the URL that leads there through the proxy.
    pub async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (account, host) = match authority.rsplit_once('@') {
            Some((account, host)) => (format!("{account}@"), host),
            None => (String::new(), authority),
        };
        let proxy = Self::start(host).await;
        let url = format!("{scheme}://{account}{}{path}", proxy.address);
        (proxy, url)
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many connections their clients have not closed.
    pub fn open(&self) -> usize {
        let connections = self.shared.connections.lock().unwrap();
        let open = connections
            .iter()
            .filter(|it| !it.closed.load(Ordering::SeqCst));
        open.count()
    }

    /// Silences all connections that there are. Later ones work.
    pub fn silence_all(&self) {
        let connections = self.shared.connections.lock().unwrap();
        for connection in &*connections {
            self.shared.silence(connection, true);
        }
    }

    /// Silences the next connection over which something is sent, and swallows it.
    pub fn silence_next(&self) {
        *self.shared.next.lock().unwrap() = Next::BeforeTheServer;
    }

    /// Silences the next connection over which something is sent, once the server has it.
    pub fn swallow_next_answer(&self) {
        *self.shared.next.lock().unwrap() = Next::BeforeTheAnswer;
    }

    /// Ends once nothing has been sent for a while, so that what is sent next is what the test means. A client may have more
    /// to say after an answer, such as a pool that asks whether a connection still lives.
    pub async fn quiet(&self) {
        let sent = || self.shared.sent.load(Ordering::SeqCst);
        let mut before = None;
        while before != Some(sent()) {
            before = Some(sent());
            tokio::time::sleep(QUIET).await;
        }
    }

    /// Ends once so many connections have fallen silent in all.
    pub async fn silenced(&self, connections: usize) {
        let mut silent = self.shared.silent.subscribe();
        silent
            .wait_for(|silent| *silent >= connections)
            .await
            .unwrap();
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        self.accepted.fetch_add(1, Ordering::SeqCst);
        let connection = Arc::new(Connection::default());
        self.connections
            .lock()
            .unwrap()
            .push(Arc::clone(&connection));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (shared, line) = (Arc::clone(self), Arc::clone(&connection));
        tokio::spawn(async move {
            let passes = || {
                shared.sent.fetch_add(1, Ordering::SeqCst);
                shared.look(&line);
                !line.to_server.load(Ordering::SeqCst)
            };
            forward(from_client, to_server, passes).await;
            line.closed.store(true, Ordering::SeqCst);
        });
        tokio::spawn(async move {
            let passes = || !connection.to_client.load(Ordering::SeqCst);
            forward(from_server, to_client, passes).await;
        });
    }

    /// Whether it is this connection's turn to fall silent.
    fn look(&self, connection: &Connection) {
        let next = std::mem::replace(&mut *self.next.lock().unwrap(), Next::Nobody);
        match next {
            Next::Nobody => {}
            Next::BeforeTheServer => self.silence(connection, true),
            Next::BeforeTheAnswer => self.silence(connection, false),
        }
    }

    fn silence(&self, connection: &Connection, to_server: bool) {
        connection.to_server.fetch_or(to_server, Ordering::SeqCst);
        if !connection.to_client.swap(true, Ordering::SeqCst) {
            self.silent.send_modify(|silent| *silent += 1);
        }
    }
}

/// Forwards what passes, and swallows the rest, until the sender closes.
async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passes: impl Fn() -> bool,
) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        if passes() && to.write_all(&chunk[..length]).await.is_err() {
            break;
        }
    }
}
