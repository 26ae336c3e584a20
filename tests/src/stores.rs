//! Any store of this project, by where it is.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::SqliteStore;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::store::{
    MySqlStoreOptions, PostgresStoreOptions, RedisStoreOptions, Store,
};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

/// How long removing records may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The store at this URL, with its tables, or in the file of this name. Several URLs, separated by commas, lead to a Redis
/// Cluster. What stands behind `#` is the table's name, or what keys begin with.
pub async fn open_store(place: &str) -> Arc<dyn Store> {
    let (url, name) = place.split_once('#').unwrap_or((place, "records"));
    match Kind::of(url) {
        Kind::File => Arc::new(SqliteStore::open(place).await.unwrap()),
        Kind::Postgres => {
            let store = PostgresStoreOptions::new().table(name).connect(url).await;
            let store = store.unwrap();
            store.migrate().await.unwrap();
            Arc::new(store)
        }
        Kind::MySql => {
            let store = MySqlStoreOptions::new().table(name).connect(url).await;
            let store = store.unwrap();
            store.migrate().await.unwrap();
            Arc::new(store)
        }
        Kind::Redis => {
            let store = RedisStoreOptions::new().prefix(name).connect(url).await;
            Arc::new(store.unwrap())
        }
        Kind::RedisCluster => {
            let options = RedisStoreOptions::new().prefix(name);
            Arc::new(options.connect_cluster(url.split(',')).await.unwrap())
        }
    }
}

/// What is at a URL.
#[derive(Clone, Copy, Debug)]
enum Kind {
    File,
    Postgres,
    MySql,
    Redis,
    RedisCluster,
}

impl Kind {
    fn of(url: &str) -> Self {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            None => Self::File,
            Some("postgres") => Self::Postgres,
            Some("mysql" | "mariadb") => Self::MySql,
            Some("redis" | "rediss") if url.contains(',') => Self::RedisCluster,
            Some("redis" | "rediss") => Self::Redis,
            Some(other) => panic!("there is no store for {other}"),
        }
    }
}

/// A name that no other test has, for a table or for what keys begin with, on a server that tests share. What stands under
/// it goes when this is dropped.
#[derive(Debug)]
pub struct OwnRecords {
    url: String,
    name: String,
}

impl OwnRecords {
    /// On the server at this URL, or on the cluster of these nodes, separated by commas.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: format!("t_{}", AttemptId::random()),
        }
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Both, for [`open_store`].
    pub fn place(&self) -> String {
        format!("{}#{}", self.url, self.name)
    }

    async fn remove(url: String, name: String) {
        let tables = format!("DROP TABLE IF EXISTS {name}, {name}_migrations");
        let functions = format!(
            "DROP FUNCTION IF EXISTS {name}_claim, {name}_claim_2, {name}_withdraw, {name}_days"
        );
        match Kind::of(&url) {
            Kind::File => {}
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let drop = sqlx::raw_sql(AssertSqlSafe(format!("{tables}; {functions}")));
                drop.execute(&mut connection).await.unwrap();
            }
            Kind::MySql => {
                let mut connection = MySqlConnection::connect(&url).await.unwrap();
                let drop = sqlx::raw_sql(AssertSqlSafe(tables));
                drop.execute(&mut connection).await.unwrap();
            }
            Kind::Redis | Kind::RedisCluster => {
                for url in url.split(',') {
                    remove_keys(url, &name).await;
                }
            }
        }
    }
}

/// Removes one node's keys that begin with this.
async fn remove_keys(url: &str, name: &str) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut cursor = 0;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{name}:*"));
        scan.arg("COUNT").arg(1_000);
        let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await.unwrap();
        for key in keys {
            // One by one: the keys of a node have different slots.
            let unlink = redis::cmd("UNLINK").arg(key).to_owned();
            let () = unlink.query_async(&mut connection).await.unwrap();
        }
        if next == 0 {
            return;
        }
        cursor = next;
    }
}

impl Drop for OwnRecords {
    fn drop(&mut self) {
        let (url, name) = (
            std::mem::take(&mut self.url),
            std::mem::take(&mut self.name),
        );
        // A runtime of its own, since the test's waits for us. A test that failed shall say why it did, and not that
        // nothing could be removed.
        let removal = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let removing = Self::remove(url, name);
            runtime.block_on(async { tokio::time::timeout(PATIENCE, removing).await })
        });
        let removed = matches!(removal.join(), Ok(Ok(())));
        assert!(
            removed || std::thread::panicking(),
            "records are left behind"
        );
    }
}
