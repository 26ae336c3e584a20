//! A connection that is made when it is needed, and made again when it breaks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionLike as _, MultiplexedConnection};
use ::redis::io::tcp::{TcpSettings, socket2};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::Failed;
use crate::store::redis::error::is_too_large;

/// How long a connection may take to be made.
pub(in crate::store::redis) const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// How long the other side may leave what was sent unconfirmed before the connection counts as dead.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);

/// A connection to one server that is made when it is needed, and made again when it breaks.
///
/// A `ConnectionManager` stays as it is where the server refused the connection for any reason but the network's, such as
/// too many clients or a password that is being changed. It also keeps a connection over which nothing is answered. This
/// one tries again with the next command.
pub(in crate::store::redis) struct Reconnecting {
    client: Client,
    config: AsyncConnectionConfig,
    current: Mutex<Connecting>,
}

/// All who come while a connection is being made wait for the same one.
type Connecting = Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>;

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

    /// Sends a command, and sends it again if the connection turns out to be broken: one that lay idle while its server
    /// was started anew shows that no earlier. Steps may be sent twice.
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
        let connecting = self.lock().clone();
        // Dropped before the answer, or without one, it may be that nothing is answered over this connection any more, or
        // that it is never made; a step that is sent again must not wait behind it.
        let mut unanswered = Unanswered {
            server: self,
            connection: Some(&connecting),
        };
        let mut connection = connecting.clone().await.map_err(Failed::NotSent)?;
        let answer = connection.req_packed_command(command).await;
        let answer = answer.and_then(Value::extract_error);
        if !answer.as_ref().is_err_and(needs_another_connection) {
            unanswered.connection = None;
        }
        answer.map_err(Failed::Sent)
    }

    /// Has the next command make a new connection, if nobody had it yet. Who waits for an answer over the old one still
    /// gets it; it closes after the last of them.
    fn give_up(&self, seen: &Connecting) {
        let mut current = self.lock();
        if current.ptr_eq(seen) {
            *current = connect(&self.client, &self.config);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connecting> {
        // It is replaced as a whole, so a panic elsewhere leaves none half written.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives its connection up when it is dropped, unless the connection proved good.
struct Unanswered<'a> {
    server: &'a Reconnecting,
    connection: Option<&'a Connecting>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection {
            self.server.give_up(connection);
        }
    }
}

fn connect(client: &Client, config: &AsyncConnectionConfig) -> Connecting {
    let (client, config) = (client.clone(), config.clone());
    async move {
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
    .boxed()
    .shared()
}

/// Whether the connection ended before the answer, or before the command was sent.
fn is_broken(error: &RedisError) -> bool {
    error.is_connection_dropped() && !error.is_timeout()
}

/// Whether the next command needs another connection: this one broke, or nothing was answered over it in time.
fn needs_another_connection(error: &RedisError) -> bool {
    // The name of the server may lead to the new primary by now.
    let is_a_replica = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
    is_a_replica || is_too_large(error) || error.is_timeout() || error.is_unrecoverable_error()
}

/// Commands are small and wait for their answers, so nothing is gathered; and a server that vanished without a word is
/// noticed.
pub(in crate::store::redis) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(socket2::TcpKeepalive::new().with_time(CONFIRMED_WITHIN));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(CONFIRMED_WITHIN);
    settings
}
