//! All APIs in one process, and the program that serves them.

use std::net::SocketAddr;
use std::process::Stdio;

use idempotent_runtime::MemoryStore;
use idempotent_tests::Client;
use reference_apis::{Backend, server};
use reqwest::Method;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{Api, text};

const PREFIXES: [&str; 6] = ["agrenting", "whet", "agiled", "truedy", "moda", "draft"];

#[tokio::test]
async fn every_api_is_served_under_its_own_prefix_with_keys_of_its_own() {
    let app = server::app(MemoryStore::new()).await.unwrap();
    let api = Api::serve(Backend::new(), app).await;
    let body = r#"{"idempotency_key":"weekly-digest-2026-W17","title":"t","agent":"ada","intent":"i",
        "email":"e","name":"n","prompt":"p","item":"kite","quantity":1}"#;
    for path in [
        "/agrenting/api/v1/tasks",
        "/whet/pipelines/from-intent",
        "/agiled/public/v1/contacts",
        "/truedy/agents",
        "/moda/v1/tasks",
        "/draft/orders",
    ] {
        let key = "weekly-digest-2026-W17";
        let headers = [
            ("authorization", "Bearer acme_1"),
            ("idempotency-key", key),
            ("x-idempotency-key", key),
        ];
        let first = api.send(Method::POST, path, &headers, body).await;
        assert_eq!((first.status.as_u16(), first.is_replay()), (201, false));
        let retry = api.send(Method::POST, path, &headers, body).await;
        assert_eq!(retry.body, first.body);
    }
}

#[tokio::test]
async fn the_program_says_where_it_serves_which_api() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_reference-apis"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let addr = first.strip_prefix("listening on http://").unwrap();
    let addr: SocketAddr = addr.parse().unwrap();
    let mut announced = Vec::new();
    while announced.len() < PREFIXES.len() {
        let line = lines.next_line().await.unwrap().unwrap();
        if line.starts_with("curl ") {
            announced.push(line);
        }
    }
    for (prefix, line) in PREFIXES.iter().zip(&announced) {
        assert!(line.contains(&format!("http://{addr}/{prefix}/")), "{line}");
    }
    let made = Client::at(addr)
        .post("/moda/v1/tasks")
        .header("authorization", "Bearer acme_1")
        .json(r#"{"prompt":"the weekly deck"}"#)
        .send()
        .await;
    assert_eq!(text(&made, "/id"), "task_1");
}
