//! The connections that commands are sent over.

mod reconnecting;

use std::fmt;
use std::sync::Arc;

use ::redis::aio::ConnectionLike;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use ::redis::{Cmd, RedisError, RedisResult, Value, from_redis_value};

pub(super) use self::reconnecting::{CONNECTED_WITHIN, Reconnecting, tcp_settings};

/// Who sends a command. On the store's own connections, a crowd of claims never delays a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Claims, loads and listings, which can wait.
    Claims,
    /// What ends an attempt, which comes as often as claims do. It uses the claims' connection as long as no crowd
    /// waits there: commands that share a connection are gathered into the same system calls, here and in the server.
    Ends,
    /// The other steps of attempts that run or ran, such as renewals. If they come late, a lease ends.
    Attempts,
}

/// Connections of any kind. Clones share them.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server, by lane. They are replaced when they break.
    Own(Arc<[Reconnecting; 2]>),
    /// The application's.
    Given(Given),
    /// To the nodes of a cluster, by lane. The client keeps them alive.
    Cluster(Box<[ClusterConnection; 2]>),
}

/// A command that failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// There was no connection to send it on.
    NotSent(RedisError),
    /// It was sent and failed with this error.
    Sent(RedisError),
    /// The cluster's client sent it once or several times and gave up with this error. An earlier try may have taken
    /// effect.
    SentAgain(RedisError),
}

impl Failed {
    pub(super) fn error(&self) -> &RedisError {
        let (Self::NotSent(error) | Self::Sent(error) | Self::SentAgain(error)) = self;
        error
    }

    pub(super) fn into_error(self) -> RedisError {
        let (Self::NotSent(error) | Self::Sent(error) | Self::SentAgain(error)) = self;
        error
    }
}

impl Connection {
    pub(super) fn given<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::Given(Given(Arc::new(move || Box::new(connection.clone()))))
    }

    /// Sends a command to the server that has its key.
    pub(super) async fn ask(&self, lane: Lane, command: &Cmd) -> Result<Value, Failed> {
        match self {
            Self::Own(servers) => of_lane(servers, lane).ask(command).await,
            Self::Given(given) => {
                answered(given.0().req_packed_command(command).await).map_err(in_a_given_connection)
            }
            Self::Cluster(lanes) => {
                let mut cluster = lanes[usize::from(lane != Lane::Claims)].clone();
                answered(cluster.req_packed_command(command).await).map_err(Failed::SentAgain)
            }
        }
    }

    /// Sends a command to every primary, and returns each answer with the node's address. A single server has no
    /// address.
    pub(super) async fn ask_primaries(
        &self,
        command: &Cmd,
    ) -> Result<Vec<(String, Value)>, Failed> {
        let alone = |answer| vec![(String::new(), answer)];
        let Self::Cluster(lanes) = self else {
            return Ok(alone(self.ask(Lane::Claims, command).await?));
        };
        let mut cluster = lanes[0].clone();
        let primaries = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = cluster
            .route_command(command.clone(), primaries)
            .await
            .map_err(Failed::SentAgain)?;
        let answers: RedisResult<_> = match answers {
            Value::Map(by_address) => by_address
                .into_iter()
                .map(|(address, answer)| Ok((from_redis_value(address)?, answer.extract_error()?)))
                .collect(),
            answer => answer.extract_error().map(alone),
        };
        answers.map_err(Failed::SentAgain)
    }

    /// Sends a command to the node with this address. A single server has no address.
    pub(super) async fn ask_node(&self, node: &str, command: &Cmd) -> Result<Value, Failed> {
        let (Self::Cluster(lanes), Some((host, port))) = (self, node.rsplit_once(':')) else {
            return self.ask(Lane::Claims, command).await;
        };
        let mut cluster = lanes[0].clone();
        let node = SingleNodeRoutingInfo::ByAddress {
            host: host.to_owned(),
            // The client reports an address without a port.
            port: port.parse().unwrap_or(0),
        };
        let answer = cluster.route_command(command.clone(), RoutingInfo::SingleNode(node));
        answered(answer.await).map_err(Failed::SentAgain)
    }
}

/// How many commands may wait on the claims' connection before the ends of attempts go over the other one.
const CROWD: usize = 64;

fn of_lane(servers: &[Reconnecting; 2], lane: Lane) -> &Reconnecting {
    let [claims, attempts] = servers;
    match lane {
        Lane::Claims => claims,
        Lane::Ends if claims.waiting() < CROWD => claims,
        Lane::Ends | Lane::Attempts => attempts,
    }
}

fn answered(answer: RedisResult<Value>) -> RedisResult<Value> {
    answer?.extract_error()
}

/// A connection that reconnects by itself reports if a command was refused before it could be sent.
fn in_a_given_connection(error: RedisError) -> Failed {
    if error.is_connection_refusal() {
        Failed::NotSent(error)
    } else {
        Failed::Sent(error)
    }
}

/// Clones the application's connection.
#[derive(Clone)]
pub(super) struct Given(Arc<dyn Fn() -> Box<dyn ConnectionLike + Send> + Send + Sync>);

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
