//! How a store is set up.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::cluster::ClusterClientBuilder;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{Client, ConnectionInfo, IntoConnectionInfo as _};
use futures_util::future::try_join;

use super::RedisStore;
use super::connection::{CONNECTED_WITHIN, Connection, Reconnecting, tcp_settings};
use super::error::RedisStoreError;
use crate::clock::Clock;

/// How a [`RedisStore`] is set up.
///
/// ```no_run
/// use std::time::Duration;
/// use idempotent_runtime::store::RedisStoreOptions;
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStoreOptions::new()
///     .prefix("billing:idempotency")
///     .answered_within(Duration::from_secs(1))
///     .connect("redis://app:secret@redis.internal:6379")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is connected before `connect` or `with_connection`"]
pub struct RedisStoreOptions {
    pub(super) prefix: String,
    pub(super) clock: Option<Arc<dyn Clock>>,
    answered_within: Duration,
}

impl RedisStoreOptions {
    /// Keys that begin with `idempotency:`, and two seconds for an answer.
    pub fn new() -> Self {
        Self {
            prefix: "idempotency".to_owned(),
            clock: None,
            answered_within: Duration::from_secs(2),
        }
    }

    /// Sets what keys begin with, before a colon and the record's id. All processes that share records must use the
    /// same prefix.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a step waits for the server, on a connection that the store made itself. After that it fails as
    /// [unavailable](crate::store::StoreError::is_unavailable), and it is unknown whether it took effect. A call waits
    /// only a few seconds for its claim, so more than two seconds are of little use.
    pub fn answered_within(mut self, time: Duration) -> Self {
        self.answered_within = time;
        self
    }

    /// Judges leases and expiry by this clock instead of the server's. The server still removes done records by its
    /// own. For tests: processes that share records would have to share the clock too.
    #[cfg(feature = "test-util")]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Connects to the server at this URL: `redis://user:password@host:port/database`, `rediss://` for an encrypted
    /// connection (with the feature `tls`), or `unix:///path?user=…&pass=…`.
    ///
    /// The connection is replaced when it breaks, and the host name is then looked up again.
    ///
    /// # Errors
    ///
    /// [`RedisStoreError`] if the URL is invalid, or the server can't be reached within a few seconds, refuses, or
    /// doesn't let the store run its scripts. No error contains the URL or the password.
    pub async fn connect(self, url: &str) -> Result<RedisStore, RedisStoreError> {
        let info = connection_info(url)?;
        let place = info.addr().to_string();
        let client = Client::open(info).map_err(RedisStoreError::url)?;
        let lane = || Reconnecting::new(client.clone(), self.answered_within);
        let lanes = Arc::new([lane(), lane()]);
        self.checked(Connection::Own(lanes), place).await
    }

    /// Connects to the cluster that these nodes belong to, and finds its other nodes. All URLs must have the same user
    /// and password, which are used for the other nodes too.
    ///
    /// If a command loses its node or is redirected to another, it is sent again until
    /// [`answered_within`](Self::answered_within) has passed.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub async fn connect_cluster<U: AsRef<str>>(
        self,
        urls: impl IntoIterator<Item = U>,
    ) -> Result<RedisStore, RedisStoreError> {
        let nodes = urls
            .into_iter()
            .map(|url| connection_info(url.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let places: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
        let place = places.join(", ");
        let client = ClusterClientBuilder::new(nodes)
            .connection_timeout(CONNECTED_WITHIN)
            .response_timeout(self.answered_within)
            .tcp_settings(tcp_settings())
            .build()
            .map_err(RedisStoreError::url)?;
        let lanes = try_join(client.get_async_connection(), client.get_async_connection()).await;
        let (claims, attempts) =
            lanes.map_err(|error| RedisStoreError::connect(place.clone(), error))?;
        let lanes = Box::new([claims, attempts]);
        self.checked(Connection::Cluster(lanes), place).await
    }

    /// Sends commands over the application's own connection: a `ConnectionManager`, a `MultiplexedConnection`, or
    /// anything else whose clones share one. For a cluster, see
    /// [`with_cluster_connection`](Self::with_cluster_connection).
    ///
    /// The connection's own timeouts apply, and its own way to reconnect. Nothing is sent before the first step.
    pub fn with_connection<C>(self, connection: C) -> RedisStore
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        RedisStore::with_options(self, Connection::given(connection), None)
    }

    /// Sends commands over the application's own connection to a cluster.
    ///
    /// The connection's own timeouts apply, and its own limit to repeated commands. Nothing is sent before the first
    /// step.
    pub fn with_cluster_connection(self, connection: ClusterConnection) -> RedisStore {
        let lanes = Box::new([connection.clone(), connection]);
        RedisStore::with_options(self, Connection::Cluster(lanes), None)
    }

    async fn checked(
        self,
        connection: Connection,
        place: String,
    ) -> Result<RedisStore, RedisStoreError> {
        let store = RedisStore::with_options(self, connection, Some(place.clone()));
        match store.check().await {
            Ok(()) => Ok(store),
            Err(error) => Err(RedisStoreError::check(place, error)),
        }
    }
}

impl Default for RedisStoreOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn connection_info(url: &str) -> Result<ConnectionInfo, RedisStoreError> {
    let info = url.into_connection_info().map_err(RedisStoreError::url)?;
    #[cfg(feature = "tls")]
    if matches!(info.addr(), ::redis::ConnectionAddr::TcpTls { .. }) {
        super::tls::choose_provider();
    }
    Ok(info.set_tcp_settings(tcp_settings()))
}
