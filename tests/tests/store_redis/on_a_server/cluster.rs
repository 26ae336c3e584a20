//! Nodes that end, and slots that move.

use std::time::{Duration, Instant};

use idempotent_runtime::store::{
    Claim, Claimed, Durability, Fence, RedisStore, RedisStoreOptions, Store,
};
use idempotent_test_servers::{RedisCluster, RunningCluster, Server};
use redis::cmd;

use crate::support::{chain, connection, eventually, new_claim, release, retry, win};

struct Cluster(RunningCluster);

impl Cluster {
    fn start() -> Self {
        let cluster = RedisCluster::new()
            .setting("cluster-node-timeout", "1000")
            .setting("appendonly", "yes");
        Self(cluster.start().unwrap())
    }

    async fn store(&self) -> RedisStore {
        let options = RedisStoreOptions::new().prefix("records");
        options.connect_cluster(self.0.urls()).await.unwrap()
    }

    fn nodes(&self) -> &[Server] {
        self.0.nodes()
    }

    async fn slot(&self, key: &str) -> u16 {
        let mut node = connection(self.nodes()[0].url()).await;
        let ask = cmd("CLUSTER").arg("KEYSLOT").arg(key).to_owned();
        ask.query_async(&mut node).await.unwrap()
    }

    /// Which node has the slot.
    async fn owner(&self, slot: u16) -> usize {
        for (number, node) in self.nodes().iter().enumerate() {
            let shown: String = cmd("CLUSTER")
                .arg("NODES")
                .query_async(&mut connection(node.url()).await)
                .await
                .unwrap();
            let mine = shown.lines().find(|line| line.contains("myself")).unwrap();
            let has_it = mine.split(' ').skip(8).any(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                from.parse().is_ok_and(|from: u16| from <= slot)
                    && to.parse().is_ok_and(|to: u16| slot <= to)
            });
            if has_it {
                return number;
            }
        }
        panic!("nobody has slot {slot}");
    }

    async fn id(&self, node: usize) -> String {
        let mut node = connection(self.nodes()[node].url()).await;
        let ask = cmd("CLUSTER").arg("MYID").to_owned();
        ask.query_async(&mut node).await.unwrap()
    }

    async fn tell(&self, node: usize, words: &[&str]) {
        let mut command = cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        let mut node = connection(self.nodes()[node].url()).await;
        let () = command.query_async(&mut node).await.unwrap();
    }
}

#[tokio::test]
async fn a_node_that_was_killed_and_started_again_is_found() {
    let mut cluster = Cluster::start();
    let store = cluster.store().await;
    let claim = new_claim();
    win(&store, &claim).await;
    let slot = cluster.slot(&format!("records:{}", claim.record)).await;
    let owner = cluster.owner(slot).await;

    cluster.0.nodes_mut()[owner].kill();
    for _ in 0..2 {
        let begun = Instant::now();
        let error = store.claim(retry(&claim)).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(error.is_unavailable(), "{:?}", chain(&error));
    }
    cluster.0.nodes_mut()[owner].start().unwrap();
    eventually("the node is found", async || {
        let found = store.claim(retry(&claim)).await;
        matches!(found, Ok(Claimed::Found(_)))
    })
    .await;
    release(&store, &claim).await;
}

#[tokio::test]
async fn a_record_whose_slot_moves_is_followed() {
    let cluster = Cluster::start();
    let store = cluster.store().await;
    let claim = new_claim();
    win(&store, &claim).await;
    let key = format!("records:{}", claim.record);
    let slot = cluster.slot(&key).await;
    let from = cluster.owner(slot).await;
    let to = (from + 1) % 3;
    let (from_id, to_id) = (cluster.id(from).await, cluster.id(to).await);
    let number = slot.to_string();

    // While the slot is on its way, the old node sends to the new one what it does not have any more.
    cluster
        .tell(to, &["CLUSTER", "SETSLOT", &number, "IMPORTING", &from_id])
        .await;
    cluster
        .tell(from, &["CLUSTER", "SETSLOT", &number, "MIGRATING", &to_id])
        .await;
    let (port, password) = (
        cluster.nodes()[to].port().to_string(),
        cluster.nodes()[to].password(),
    );
    let place = ["MIGRATE", "127.0.0.1", &port, &key, "0", "5000"];
    let moving = [&place[..], &["AUTH", password]].concat();
    cluster.tell(from, &moving).await;
    assert_held(&store, &claim).await;

    for node in [to, from] {
        cluster
            .tell(node, &["CLUSTER", "SETSLOT", &number, "NODE", &to_id])
            .await;
    }
    assert_held(&store, &claim).await;
    release(&store, &claim).await;
    win(&store, &retry(&claim)).await;
}

#[tokio::test]
async fn a_cluster_survives_what_its_weakest_node_does() {
    let cluster = Cluster::start();
    let store = cluster.store().await;
    let most = async || store.survives().await.unwrap().most();
    for node in 0..3 {
        assert_eq!(most().await, Some(Durability::Process), "{node}");
        cluster
            .tell(node, &["CONFIG", "SET", "appendfsync", "always"])
            .await;
    }
    assert_eq!(most().await, Some(Durability::Power));
}

async fn assert_held(store: &dyn Store, claim: &Claim) {
    let found = store.claim(retry(claim)).await.unwrap();
    assert!(matches!(found, Claimed::Found(_)), "{found:?}");
    let renewed = store.renew(claim.record, claim.attempt, claim.lease);
    assert_eq!(renewed.await.unwrap(), Fence::Held);
}
