//! A server that is killed with SIGKILL, and what its successor says.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::time::Duration;

use idempotent_tests::{Child, Client, Reply};
use tempfile::TempDir;
use tokio::time::timeout;

struct Site {
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn start(&self) -> Child {
        let (database, ledger) = (self.path("records.db"), self.path("ledger"));
        Child::start(
            env!("CARGO_BIN_EXE_victim"),
            &[database.to_str().unwrap(), ledger.to_str().unwrap()],
        )
        .await
    }

    fn effects(&self) -> usize {
        std::fs::read_to_string(self.path("ledger"))
            .unwrap()
            .lines()
            .count()
    }

    /// Starts a call, kills the server once its handler is at work, and starts another.
    async fn kill_inside(&self, path: &'static str) -> (Child, Client) {
        let mut first = self.start().await;
        let client = Client::at(first.addr());
        let call = tokio::spawn(async move { client.post(path).key("k").send_or_break().await });
        assert_eq!(first.line().await, path.trim_start_matches('/'));
        first.kill().await;
        assert!(call.await.unwrap().is_none(), "its caller got no answer");
        let second = self.start().await;
        let client = Client::at(second.addr());
        (second, client)
    }
}

/// Retries while the answer is "pending", which ends with the dead process's lease of one second.
async fn after_the_lease(client: &Client, path: &str) -> Reply {
    let retries = async {
        loop {
            let reply = client.post(path).key("k").send().await;
            if reply.status != 409 || reply.problem().1 != "idempotency_pending" {
                return reply;
            }
        }
    };
    timeout(Duration::from_mins(1), retries)
        .await
        .expect("the lease ends")
}

#[tokio::test]
async fn an_outcome_survives_a_kill_between_completion_and_retry() {
    let site = Site::new();
    let first = site.start().await;
    let reply = Client::at(first.addr()).post_key("/charge", "k").await;
    assert_eq!(reply.status.as_u16(), 201);
    first.kill().await;

    let second = site.start().await;
    let retry = Client::at(second.addr()).post_key("/charge", "k").await;
    assert!(retry.is_replay());
    assert_eq!(retry.recorded(), reply.recorded());
    assert_eq!(site.effects(), 1);
}

#[tokio::test]
async fn after_a_kill_inside_a_handler_rerun_runs_it_again() {
    let site = Site::new();
    let (_server, client) = site.kill_inside("/rerun").await;
    let retry = after_the_lease(&client, "/rerun").await;
    assert_eq!((retry.status.as_u16(), retry.is_replay()), (201, false));
    assert!(client.post("/rerun").key("k").send().await.is_replay());
    assert_eq!(site.effects(), 2);
}

#[tokio::test]
async fn after_a_kill_inside_a_handler_refuse_answers_outcome_unknown() {
    let site = Site::new();
    let (_server, client) = site.kill_inside("/refuse").await;
    let retry = after_the_lease(&client, "/refuse").await;
    assert_eq!(
        retry.problem(),
        (409, "idempotency_outcome_unknown".to_owned())
    );
    assert_eq!(
        client.post("/refuse").key("k").send().await.problem().1,
        "idempotency_outcome_unknown"
    );
    assert_eq!(site.effects(), 1);
}
