//! The built program: how it starts and stops, and what is left when it is killed.

use std::process::{Output, Stdio};

use tokio::process::Command;
use tokio::time::timeout;

use crate::support::PATIENCE;

/// The program, with nothing of the test's own environment that it would look at.
fn webhook_worker() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_webhook-worker"));
    command
        .args(["--addr", "127.0.0.1:0"])
        .env_remove("RUST_LOG")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_without_the_password() {
    // Nobody listens on this port.
    let url = "postgres://app:hush-hush@127.0.0.1:1/app";
    let ended = webhook_worker().env("DATABASE_URL", url).output();
    let Output { status, stderr, .. } = timeout(PATIENCE, ended).await.unwrap().unwrap();
    let complaint = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{complaint}");
    assert!(
        complaint.contains("cannot open the database"),
        "{complaint}"
    );
    assert!(!complaint.contains("hush-hush"), "{complaint}");
}

#[cfg(unix)]
mod on_a_server {
    use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
    use tokio::process::{Child, ChildStderr, ChildStdout};

    use super::*;
    use crate::support::{Database, Sender};

    struct Program {
        process: Child,
        sender: Sender,
        log: Lines<BufReader<ChildStderr>>,
        /// Kept, so that the program can write to it.
        _output: Lines<BufReader<ChildStdout>>,
    }

    impl Program {
        async fn start(url: &str) -> Self {
            let mut process = webhook_worker()
                .env("DATABASE_URL", url)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let log = BufReader::new(process.stderr.take().unwrap()).lines();
            let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
            let line = output.next_line().await.unwrap().unwrap();
            let addr = line.strip_prefix("listening on http://").unwrap();
            Self {
                process,
                sender: Sender::new(addr.parse().unwrap()),
                log,
                _output: output,
            }
        }

        async fn logged(&mut self, text: &str) {
            while !self.log.next_line().await.unwrap().unwrap().contains(text) {}
        }

        async fn asked_to_stop(mut self) {
            let id = self.process.id().unwrap().to_string();
            let asked = Command::new("kill").args(["-TERM", &id]).status();
            assert!(asked.await.unwrap().success());
            // It must not be held up by a full pipe.
            while self.log.next_line().await.unwrap().is_some() {}
            assert!(self.process.wait().await.unwrap().success());
        }
    }

    async fn shipments(url: &str) -> i64 {
        let database = webhook_worker::database::open(url).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM shipments")
            .fetch_one(&database)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_a_killed_process_had_begun_is_finished_by_the_next_one() {
        let database = Database::create().await;
        let story = async {
            let mut killed = Program::start(&database.url).await;
            assert_eq!(killed.sender.paid("acme", "evt-1", "slow-1").await, 202);
            killed.logged("shipping a parcel").await;
            killed.process.kill().await.unwrap();
            assert_eq!(shipments(&database.url).await, 0);

            let mut next = Program::start(&database.url).await;
            // Once the job and the lease of the dead are free.
            next.logged("parcel shipped").await;
            assert_eq!(next.sender.paid("acme", "evt-1", "slow-1").await, 202);
            next.asked_to_stop().await;
        };
        timeout(PATIENCE, story).await.unwrap();
        assert_eq!(shipments(&database.url).await, 1);
        database.drop().await;
    }

    #[tokio::test]
    async fn a_stop_waits_for_a_job_that_has_begun() {
        let database = Database::create().await;
        let story = async {
            let mut program = Program::start(&database.url).await;
            assert_eq!(program.sender.paid("acme", "evt-1", "slow-1").await, 202);
            program.logged("shipping a parcel").await;
            program.asked_to_stop().await;
        };
        timeout(PATIENCE, story).await.unwrap();
        assert_eq!(shipments(&database.url).await, 1);
        database.drop().await;
    }
}
