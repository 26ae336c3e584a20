//! Whose a request is.

use reqwest::StatusCode;
use rmcp::ServiceExt;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::clients::{ACME, GLOBEX, Host, Http};

const KEY: &str = "draft-of-monday-0001";

fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    })
}

fn draft() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {
            "name": "draft_post",
            "arguments": { "idempotency_key": KEY, "topic": "otters" },
        },
    })
}

#[tokio::test]
async fn a_request_of_nobody_is_turned_away_before_it_is_read() {
    let host = Http::start().await;
    for api_key in [None, Some("guessed")] {
        let answer = host.send(api_key, None, &initialize()).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert!(().serve(host.transport("guessed")).await.is_err());
}

#[tokio::test]
async fn a_call_belongs_to_the_organization_of_its_request_whoever_opened_the_session() {
    let host = Http::start().await;
    let opened = host.send(Some(ACME), None, &initialize()).await;
    let session = opened.headers()["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    host.send(Some(ACME), Some(&session), &initialized).await;

    let stranger = host.send(None, Some(&session), &draft()).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    for api_key in [ACME, GLOBEX, ACME] {
        let answer = host.send(Some(api_key), Some(&session), &draft()).await;
        assert!(answer.text().await.unwrap().contains("About otters"));
    }
    let acme = host.client(ACME).await.artifacts().await;
    let globex = host.client(GLOBEX).await.artifacts().await;
    assert_eq!((acme.len(), globex.len()), (1, 1));
    assert_ne!(acme, globex);
}

#[tokio::test]
async fn over_stdio_the_server_does_not_start_for_nobody() {
    for api_key in [None, Some("guessed")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-tools"));
        command.env_remove("STUDIO_API_KEY");
        if let Some(api_key) = api_key {
            command.env("STUDIO_API_KEY", api_key);
        }
        let ended = command.output().await.unwrap();
        assert!(!ended.status.success());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(
            said.contains("STUDIO_API_KEY is not the key of an organization"),
            "{said}"
        );
    }
}
