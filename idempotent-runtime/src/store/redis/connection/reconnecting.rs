//! A connection that is opened when it is needed, and replaced when it breaks.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::redis::aio::{ConnectionLike as _, MultiplexedConnection};
use ::redis::io::tcp::{TcpSettings, socket2};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::Failed;
use crate::store::redis::error::is_too_large;

/// How long opening a connection may take.
pub(in crate::store::redis) const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// How long the other side may leave sent data unconfirmed before the connection counts as dead.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may stay silent while somebody waits, before the next command uses another one. This is less
/// than the time after which an unanswered step is sent again.
const SILENT_AFTER: Duration = Duration::from_millis(400);

/// A connection to one server that is opened when it is needed, and replaced when it breaks or falls silent.
///
/// A `ConnectionManager` doesn't try again if the server refused the connection for a reason other than the network,
/// such as too many clients or a password that is being changed. It also keeps a connection over which nothing is
/// answered. This one tries again with the next command.
pub(in crate::store::redis) struct Reconnecting {
    client: Client,
    config: AsyncConnectionConfig,
    current: Mutex<Arc<Live>>,
}

/// One connection, and what goes on over it.
struct Live {
    /// Everybody who comes while it is being opened waits for it together.
    connecting: Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>,
    made: Instant,
    /// How many wait for an answer.
    waiting: AtomicUsize,
    /// When the last answer came, or the first of those who wait now began to wait, in milliseconds since it was
    /// opened.
    heard: AtomicU64,
}

impl Reconnecting {
    pub(in crate::store::redis) fn new(client: Client, answered_within: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(answered_within));
        Self {
            current: Mutex::new(connect(&client, &config)),
            client,
            config,
        }
    }

    /// How many wait for an answer now.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.load(Ordering::Relaxed)
    }

    /// Sends a command, and sends it again if the connection turns out to be broken. If it lay idle while its server
    /// restarted, only a command shows that. Steps may be sent twice.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, Failed> {
        match self.try_once(command).await {
            Err(Failed::Sent(error)) if is_broken(&error) => {
                let again = self.try_once(command).await;
                // The first time it may have been sent.
                again.map_err(|failed| Failed::SentAgain(failed.into_error()))
            }
            answer => answer,
        }
    }

    async fn try_once(&self, command: &Cmd) -> Result<Value, Failed> {
        let live = self.current();
        // If this is dropped before the answer, or gets none, maybe nothing is answered over this connection any more,
        // or it is never opened. A step that is sent again must not wait behind it.
        let mut unanswered = Unanswered::new(self, &live);
        let mut connection = match live.connecting.peek() {
            Some(connected) => connected.clone(),
            None => live.connecting.clone().await,
        }
        .map_err(Failed::NotSent)?;
        let answer = connection.req_packed_command(command).await;
        let answer = answer.and_then(Value::extract_error);
        unanswered.is_good = !answer.as_ref().is_err_and(needs_another_connection);
        answer.map_err(Failed::Sent)
    }

    /// The connection for the next command. If the last one fell silent, this is another. Whoever waits for an answer
    /// over the old one may still get it.
    fn current(&self) -> Arc<Live> {
        let mut current = self.lock();
        if current.is_silent() {
            *current = connect(&self.client, &self.config);
        }
        Arc::clone(&current)
    }

    /// Makes the next command open a new connection, unless somebody has done so already. Whoever waits for an answer
    /// over the old one still gets it, and it closes after the last of them.
    fn give_up(&self, seen: &Arc<Live>) {
        let mut current = self.lock();
        if Arc::ptr_eq(&current, seen) {
            *current = connect(&self.client, &self.config);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Live>> {
        // It is replaced as a whole, so a panic elsewhere leaves none half written.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn now(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether somebody waits and nothing has come back for too long.
    fn is_silent(&self) -> bool {
        let heard = Duration::from_millis(self.heard.load(Ordering::Relaxed));
        self.waiting.load(Ordering::Relaxed) > 0 && self.made.elapsed() > heard + SILENT_AFTER
    }
}

/// Somebody who waits for an answer. Gives the connection up when dropped, unless it has proved good.
struct Unanswered<'a> {
    server: &'a Reconnecting,
    live: &'a Arc<Live>,
    is_good: bool,
}

impl<'a> Unanswered<'a> {
    fn new(server: &'a Reconnecting, live: &'a Arc<Live>) -> Self {
        if live.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            live.heard.store(live.now(), Ordering::Relaxed);
        }
        Self {
            server,
            live,
            is_good: false,
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.is_good {
            self.live.heard.store(self.live.now(), Ordering::Relaxed);
        } else {
            self.server.give_up(self.live);
        }
        self.live.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn connect(client: &Client, config: &AsyncConnectionConfig) -> Arc<Live> {
    let (client, config) = (client.clone(), config.clone());
    let connecting = async move {
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    };
    Arc::new(Live {
        connecting: connecting.boxed().shared(),
        made: Instant::now(),
        waiting: AtomicUsize::new(0),
        heard: AtomicU64::new(0),
    })
}

/// Whether the connection ended before the answer, or before the command was sent.
fn is_broken(error: &RedisError) -> bool {
    error.is_connection_dropped() && !error.is_timeout()
}

/// Whether the next command needs another connection, because this one broke or didn't answer in time.
fn needs_another_connection(error: &RedisError) -> bool {
    // The server's name may resolve to the new primary by now.
    let is_a_replica = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
    is_a_replica || is_too_large(error) || error.is_timeout() || error.is_unrecoverable_error()
}

/// Commands are small and wait for their answers, so nothing is gathered. Keepalive notices a server that vanished
/// silently.
pub(in crate::store::redis) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(socket2::TcpKeepalive::new().with_time(CONFIRMED_WITHIN));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(CONFIRMED_WITHIN);
    settings
}
