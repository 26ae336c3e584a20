//! What commands are sent over.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionLike, MultiplexedConnection};
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use ::redis::io::tcp::{TcpSettings, socket2};
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
    from_redis_value,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

/// How long a connection may take to be made.
pub(super) const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// How long the other side may leave what was sent unconfirmed before the connection counts as dead.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);

/// A connection, whichever kind. Clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server, and made again whenever it breaks.
    Own(Arc<Reconnecting>),
    /// The application's.
    Given(Given),
    /// To the nodes of a cluster, which its client keeps up.
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) fn given<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::Given(Given(Arc::new(move || Box::new(connection.clone()))))
    }

    /// Sends a command to the server that has its key.
    pub(super) async fn ask(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Own(server) => server.ask(command).await,
            Self::Given(given) => given.0().req_packed_command(command).await,
            Self::Cluster(cluster) => cluster.clone().req_packed_command(command).await,
        }?
        .extract_error()
    }

    /// Sends a command to every primary, and says what each answered, by its address. One server alone has none.
    pub(super) async fn ask_primaries(&self, command: &Cmd) -> RedisResult<Vec<(String, Value)>> {
        let alone = |answer| vec![(String::new(), answer)];
        let Self::Cluster(cluster) = self else {
            return Ok(alone(self.ask(command).await?));
        };
        let primaries = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = cluster
            .clone()
            .route_command(command.clone(), primaries)
            .await?;
        match answers {
            Value::Map(by_address) => by_address
                .into_iter()
                .map(|(address, answer)| Ok((from_redis_value(address)?, answer.extract_error()?)))
                .collect(),
            answer => Ok(alone(answer.extract_error()?)),
        }
    }
}

/// Makes clones of the application's connection.
#[derive(Clone)]
pub(super) struct Given(Arc<dyn Fn() -> Box<dyn ConnectionLike + Send> + Send + Sync>);

/// A connection to one server that is made when it is needed, and made again when it breaks.
///
/// A `ConnectionManager` stays as it is where the server refused the connection for any reason but the network's, such as
/// too many clients or a password that is being changed. This one tries again with the next command.
pub(super) struct Reconnecting {
    client: Client,
    config: AsyncConnectionConfig,
    current: Mutex<Connecting>,
}

/// All who come while a connection is being made wait for the same one.
type Connecting = Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>;

impl Reconnecting {
    pub(super) fn new(client: Client, answered_within: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(answered_within));
        Self {
            current: Mutex::new(connect(&client, &config)),
            client,
            config,
        }
    }

    async fn ask(&self, command: &Cmd) -> RedisResult<Value> {
        let connecting = self.lock().clone();
        let connected = connecting.clone().await;
        let answer = match connected {
            Ok(mut connection) => connection.req_packed_command(command).await,
            Err(error) => {
                self.give_up(&connecting);
                return Err(error);
            }
        };
        if answer.as_ref().is_err_and(is_the_connections) {
            self.give_up(&connecting);
        }
        answer
    }

    /// Has the next command make a new connection, if nobody had it yet.
    fn give_up(&self, seen: &Connecting) {
        let mut current = self.lock();
        if current.ptr_eq(seen) {
            *current = connect(&self.client, &self.config);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connecting> {
        // It is replaced as a whole, so a panic elsewhere leaves none half written.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Whether the next command needs another connection.
///
/// After a time-out it does not: a server that was only slow still takes what was sent, and what is sent later must not
/// overtake it. A network that is gone ends the connection by itself: see [`tcp_settings`].
fn is_the_connections(error: &RedisError) -> bool {
    // The name of the server may lead to the new primary by now.
    let is_a_replica = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
    is_a_replica || error.is_unrecoverable_error()
}

/// Commands are small and wait for their answers, so nothing is gathered; and a server that vanished without a word is
/// noticed.
pub(super) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(socket2::TcpKeepalive::new().with_time(CONFIRMED_WITHIN));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(CONFIRMED_WITHIN);
    settings
}

/// The client knows the password.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own(_) => "Own",
            Self::Given(_) => "Given",
            Self::Cluster(_) => "Cluster",
        })
    }
}
