//! The servers that all tests share.

use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use idempotent_test_servers::{
    Error, MYSQL, MariaDb, PGBOUNCER, POSTGRES, PgBouncer, Postgres, REDIS, REDIS_CLUSTER, Redis,
    RedisCluster, RunningCluster, Server,
};

/// Running servers. Dropping them stops each, `PgBouncer` before its PostgreSQL.
#[derive(Debug)]
pub(crate) struct Servers {
    pgbouncer: Server,
    postgres: Server,
    mariadb: Server,
    redis: Server,
    cluster: RunningCluster,
}

impl Servers {
    /// Starts all of them at once. Tests that ask about durability have servers, or settings, of their own.
    pub(crate) fn start() -> Result<Self, Error> {
        eprintln!("Starting servers for these tests alone …");
        let postgres = thread::spawn(postgres_and_pgbouncer);
        let mariadb = begin("MariaDB", || MariaDb::new().fast().start());
        let redis = begin("Redis", || Redis::new().start());
        let cluster = begin("Redis Cluster", || RedisCluster::new().start());
        // Each is waited for before the first failure is told, so that none is left half-started.
        let (postgres, mariadb, redis, cluster) =
            (join(postgres), join(mariadb), join(redis), join(cluster));
        let (postgres, pgbouncer) = postgres?;
        Ok(Self {
            pgbouncer,
            postgres,
            mariadb: mariadb?,
            redis: redis?,
            cluster: cluster?,
        })
    }

    /// The variables by which tests find them.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            (POSTGRES, self.postgres.url().to_owned()),
            (PGBOUNCER, self.pgbouncer.url().to_owned()),
            (MYSQL, self.mariadb.url().to_owned()),
            (REDIS, self.redis.url().to_owned()),
            (REDIS_CLUSTER, self.cluster.urls().join(",")),
        ]
    }
}

fn postgres_and_pgbouncer() -> Result<(Server, Server), Error> {
    let postgres = timed("PostgreSQL", || Postgres::new().fast().start())?;
    let pgbouncer = timed("PgBouncer", || PgBouncer::new(&postgres).start())?;
    Ok((postgres, pgbouncer))
}

fn begin<T: Send + 'static>(
    name: &'static str,
    start: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> JoinHandle<Result<T, Error>> {
    thread::spawn(move || timed(name, start))
}

fn timed<T>(name: &str, start: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let begun = Instant::now();
    let server = start()?;
    eprintln!(
        "  {name} answers after {:.1} s",
        begun.elapsed().as_secs_f32()
    );
    Ok(server)
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
