//! A Redis Cluster.

use std::thread;
use std::time::{Duration, Instant};

use crate::binaries::{Program, Search};
use crate::error::Error;
use crate::ports;
use crate::process::{self, Launch};
use crate::redis::Redis;
use crate::redis_wire;
use crate::server::Server;

const NODES: usize = 3;
const CREATION: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(30);

/// A Redis Cluster to be: three nodes without replicas.
#[derive(Debug, Clone, Default)]
pub struct RedisCluster {
    settings: Vec<(String, String)>,
    search: Search,
}

impl RedisCluster {
    /// One with Redis's own settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter on every node. Of several with one name the last counts.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Looks for the programs there and nowhere else.
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// Starts the nodes, gives each its slots, and waits until all of them agree.
    ///
    /// # Errors
    ///
    /// Where a program is missing, or the nodes do not agree.
    pub fn start(&self) -> Result<RunningCluster, Error> {
        let cluster = RunningCluster {
            nodes: self.nodes()?,
        };
        self.creation(&cluster)?.run(CREATION)?;
        cluster.wait_until_ok()?;
        Ok(cluster)
    }

    /// The nodes share a password, since clients that are sent from one to the next know only one.
    fn nodes(&self) -> Result<Vec<Server>, Error> {
        let mut redis = Redis::new()
            .search(self.search.clone())
            .setting("cluster-enabled", "yes")
            .setting("cluster-node-timeout", "5000");
        for (name, value) in &self.settings {
            redis = redis.setting(name, value);
        }
        let mut nodes = Vec::<Server>::with_capacity(NODES);
        for _ in 0..NODES {
            let node = ports::retrying(|| {
                let mut ground = redis.ground()?;
                if let Some(first) = nodes.first() {
                    first.password().clone_into(&mut ground.password);
                }
                redis.start_on(ground, ports::free_with_bus()?)
            })?;
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn creation(&self, cluster: &RunningCluster) -> Result<Launch, Error> {
        let first = &cluster.nodes[0];
        let addresses = cluster
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port()));
        Ok(first
            .launch(self.search.find(Program::REDIS_CLI)?)
            .env("REDISCLI_AUTH", first.password())
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"]))
    }
}

/// A Redis Cluster of a test's own. Dropping it ends its processes and removes its data.
#[derive(Debug)]
pub struct RunningCluster {
    nodes: Vec<Server>,
}

impl RunningCluster {
    /// The nodes' URLs, each with the password.
    pub fn urls(&self) -> Vec<String> {
        self.nodes
            .iter()
            .map(|node| node.url().to_owned())
            .collect()
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// The nodes, to be stopped, killed and started. Afterwards [`wait_until_ok`](Self::wait_until_ok).
    pub fn nodes_mut(&mut self) -> &mut [Server] {
        &mut self.nodes
    }

    /// Waits until every node says that all slots are served.
    ///
    /// # Errors
    ///
    /// Where one does not, with the end of its log.
    pub fn wait_until_ok(&self) -> Result<(), Error> {
        let deadline = Instant::now() + CREATION;
        while let Some(node) = self.nodes.iter().find(|node| !is_ok(node)) {
            if Instant::now() >= deadline {
                return Err(Error::Slow {
                    what: "Redis Cluster".to_owned(),
                    waited: CREATION,
                    log: process::tail(&node.log()),
                });
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

fn is_ok(node: &Server) -> bool {
    redis_wire::ask(node.port(), node.password(), &["CLUSTER", "INFO"])
        .is_ok_and(|answer| answer.contains("cluster_state:ok"))
}
