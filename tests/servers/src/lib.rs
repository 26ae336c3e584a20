//! Throwaway servers for tests: each with a directory, a port and a password of its own, gone when its value is dropped.
//!
//! Tests that only need *a* server ask for the one that `cargo xtask test` started: [`postgres_url`] and its siblings.
//! Tests that stop, kill or reconfigure a server start their own: [`Postgres`], [PgBouncer], [`MariaDb`], [`Redis`],
//! [`RedisCluster`]. Both are found by their names, which contain `on_a_server`.
//!
//! ```no_run
//! # fn main() -> Result<(), idempotent_test_servers::Error> {
//! let mut server = idempotent_test_servers::Postgres::new().setting("max_connections", "20").start()?;
//! println!("{}", server.url());
//! server.kill();
//! server.start()?; // the same port, the same data
//! # Ok(())
//! # }
//! ```
//!
//! Everything here blocks. In asynchronous tests call it in `tokio::task::spawn_blocking`.

mod account;
mod binaries;
mod directory;
mod environment;
mod error;
mod ground;
mod mariadb;
mod password;
mod pgbouncer;
mod ports;
mod postgres;
mod process;
mod redis;
mod redis_cluster;
mod redis_wire;
mod server;
mod spawner;

pub use binaries::{Program, Search};
pub use environment::{
    MYSQL, PGBOUNCER, POSTGRES, REDIS, REDIS_CLUSTER, mysql_url, pgbouncer_url, postgres_url,
    redis_cluster_urls, redis_url,
};
pub use error::Error;
pub use mariadb::MariaDb;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use redis::Redis;
pub use redis_cluster::{RedisCluster, RunningCluster};
pub use server::Server;
