//! The built program on each store that it may have.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use tempfile::TempDir;

use crate::support::{demo_ends_well, output, payments};

/// The one line that the program says of a store that it cannot have.
async fn complaint(url: &str) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut program = payments();
    program
        .args(["--addr", "127.0.0.1:0", "--data"])
        .arg(data.path());
    let ended = output(program.env("DATABASE_URL", url)).await;
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

#[tokio::test]
async fn a_url_of_no_store_is_told_in_one_line_and_not_shown() {
    for url in [
        "mongodb://app:hush-hush@127.0.0.1/app",
        "app:hush-hush@127.0.0.1/app",
        "hush-hush",
        "memory:hush-hush",
        "sqlite:",
    ] {
        let complaint = complaint(url).await;
        assert!(
            complaint.contains("begins with none of sqlite:"),
            "{complaint}"
        );
        assert!(!complaint.contains("hush-hush"), "{complaint}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_who_asks() {
    for scheme in ["postgres", "mysql", "mariadb", "redis"] {
        // Nobody listens on this port.
        let complaint = complaint(&format!("{scheme}://app:hush-hush@127.0.0.1:1/0")).await;
        assert!(complaint.contains("127.0.0.1:1"), "{complaint}");
        assert!(!complaint.contains("hush-hush"), "{complaint}");
    }
}

#[tokio::test]
async fn help_shows_no_url() {
    let told = output(
        payments()
            .arg("--help")
            .env("DATABASE_URL", "postgres://app:hush-hush@db/app"),
    )
    .await;
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("DATABASE_URL"), "{told}");
    assert!(!told.contains("hush-hush"), "{told}");
}

#[tokio::test]
async fn the_demo_ends_well_on_a_file_of_sqlite() {
    let data = TempDir::new().unwrap();
    let url = format!("sqlite:{}", data.path().join("records.db").display());
    demo_ends_well(payments().args(["--store", &url])).await;
    assert!(data.path().join("records.db").exists());
}

#[tokio::test]
async fn the_demo_has_no_use_for_a_store_in_memory() {
    let ended = output(payments().args(["--demo", "--store", "memory:"])).await;
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert!(complaint.contains("choose another store"), "{complaint}");
}

mod on_a_server {
    use std::process::Stdio;

    use idempotent_test_servers::{Error, MariaDb, Postgres, Redis, RedisCluster};
    use reqwest::{Client, Response};
    use serde_json::{Value, json};
    use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
    use tokio::process::{Child, ChildStdout};
    use tokio::task::spawn_blocking;

    use super::*;
    use crate::support::{PATIENCE, listening_on};

    /// The demo twice, since the second one finds the records of the first.
    async fn demos_end_well(url: &str) {
        for _ in 0..2 {
            demo_ends_well(payments().env("DATABASE_URL", url)).await;
        }
    }

    async fn started<S: Send + 'static>(
        start: impl FnOnce() -> Result<S, Error> + Send + 'static,
    ) -> S {
        spawn_blocking(start).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn the_demo_ends_well_on_postgres() {
        let server = started(|| Postgres::new().start()).await;
        demos_end_well(server.url()).await;
    }

    #[tokio::test]
    async fn the_demo_ends_well_on_mariadb() {
        let server = started(|| MariaDb::new().start()).await;
        demos_end_well(server.url()).await;
        demos_end_well(&server.url().replacen("mysql", "mariadb", 1)).await;
    }

    #[tokio::test]
    async fn the_demo_ends_well_on_redis() {
        let server = started(|| Redis::new().start()).await;
        demos_end_well(server.url()).await;
    }

    #[tokio::test]
    async fn the_demo_ends_well_on_a_redis_cluster() {
        let cluster = started(|| RedisCluster::new().start()).await;
        demos_end_well(&cluster.urls().join(",")).await;
    }

    /// One of several processes that share a store, with a database of its own.
    struct Instance {
        data: TempDir,
        url: String,
        _process: Child,
        /// Kept, so that the process can write to it.
        _output: Lines<BufReader<ChildStdout>>,
    }

    impl Instance {
        async fn start(store: &str) -> Self {
            let data = tempfile::tempdir().unwrap();
            let mut process = payments()
                .args(["--addr", "127.0.0.1:0", "--data"])
                .arg(data.path())
                .env("DATABASE_URL", store)
                .env("RUST_LOG", "off")
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
            let addr = listening_on(&output.next_line().await.unwrap().unwrap());
            Self {
                data,
                url: format!("http://{addr}/payments"),
                _process: process,
                _output: output,
            }
        }

        async fn pay(&self, http: &Client) -> Response {
            let request = http
                .post(&self.url)
                .bearer_auth("acme-demo-key")
                .header("Idempotency-Key", "order-1")
                .json(&json!({ "amount": 4200, "currency": "EUR", "source": "tok_visa" }));
            request.send().await.unwrap()
        }

        /// How many payments its own database has.
        async fn payments(&self) -> i64 {
            let file = self.data.path().join("payments.db");
            let database = payments::database::open(&file).await.unwrap();
            let count = sqlx::query_scalar("SELECT count(*) FROM payments");
            count.fetch_one(&database).await.unwrap()
        }
    }

    #[tokio::test]
    async fn two_instances_on_one_postgres_make_one_payment() {
        let server = started(|| Postgres::new().start()).await;
        let two_instances = async {
            let one = Instance::start(server.url()).await;
            let other = Instance::start(server.url()).await;
            let http = Client::builder().no_proxy().build().unwrap();
            let (first, retry) = (one.pay(&http).await, other.pay(&http).await);
            assert_eq!(
                (first.status().as_u16(), retry.status().as_u16()),
                (201, 201)
            );
            assert!(!first.headers().contains_key("idempotency-replayed"));
            assert_eq!(retry.headers()["idempotency-replayed"], "true");
            assert_eq!(retry.headers()["location"], first.headers()["location"]);
            let (first, retry): (Value, Value) =
                (first.json().await.unwrap(), retry.json().await.unwrap());
            assert_eq!(retry, first);
            assert_eq!((one.payments().await, other.payments().await), (1, 0));
        };
        tokio::time::timeout(PATIENCE, two_instances).await.unwrap();
    }
}
