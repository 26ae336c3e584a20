//! What a second call is told while the first one runs.

use mcp_tools::Work;
use serde_json::{Value, json};

use crate::clients::{ACME, Client, Host, Http, done, refused};

const KEY: &str = "work-of-monday-0001";

fn intent(intent: &str) -> Value {
    json!({ "idempotency_key": KEY, "intent": intent })
}

fn draft() -> Value {
    json!({ "idempotency_key": KEY, "topic": "otters" })
}

async fn two_sessions(host: &Http) -> (Client, Client) {
    (host.client(ACME).await, host.client(ACME).await)
}

#[tokio::test]
async fn a_duplicate_of_a_running_draft_waits_for_its_result() {
    let (work, held) = Work::held();
    let host = Http::with(work).await;
    let (client, other) = two_sessions(&host).await;
    let second = async {
        held.begun().await;
        let (second, ()) = tokio::join!(other.call("draft_post", draft()), async {
            held.release();
        });
        second
    };
    let (first, second) = tokio::join!(client.call("draft_post", draft()), second);
    assert_eq!(done(&first), done(&second));
    assert_eq!(client.artifacts().await.len(), 1);
}

#[tokio::test]
async fn a_duplicate_of_a_running_publication_is_told_to_wait_and_retry_with_the_same_key() {
    let (work, held) = Work::held();
    let host = Http::with(work).await;
    let (client, other) = two_sessions(&host).await;
    held.release();
    let drafted = done(&client.call("draft_post", draft()).await);
    held.begun().await;
    let publication = json!({
        "idempotency_key": KEY, "artifact_id": drafted["id"], "channel": "blog",
    });
    let duplicate = async {
        held.begun().await;
        let duplicate = other.call("publish_artifact", publication.clone()).await;
        held.release();
        refused(&duplicate)
    };
    let first = client.call("publish_artifact", publication.clone());
    let (first, (code, advice)) = tokio::join!(first, duplicate);
    assert_eq!(code, "idempotency_pending");
    assert!(advice.contains("Wait a few seconds"), "{advice}");
    assert!(advice.contains("same `idempotency_key`"), "{advice}");
    // It does as it is told.
    let retried = other.call("publish_artifact", publication).await;
    assert_eq!(done(&first), done(&retried));
}

#[tokio::test]
async fn a_duplicate_of_a_running_pipeline_gets_its_run_straight_away() {
    let (work, held) = Work::held();
    let host = Http::with(work).await;
    let (client, other) = two_sessions(&host).await;
    let duplicate = async {
        held.begun().await;
        let duplicate = other.call("start_pipeline", intent("more otters")).await;
        held.release();
        done(&duplicate)
    };
    let first = client.call("start_pipeline", intent("otters"));
    let (first, duplicate) = tokio::join!(first, duplicate);
    let first = done(&first);
    assert_eq!(duplicate["status"], "running");
    assert_eq!(duplicate["run_id"], first["run_id"]);
    assert_eq!(first["status"], "completed");
    // The key alone says which run is meant.
    let later = done(
        &other
            .call("start_pipeline", intent("even more otters"))
            .await,
    );
    assert_eq!(later, first);
    assert_eq!(client.artifacts().await.len(), 1);
}

#[tokio::test]
async fn a_call_that_its_client_gives_up_goes_on_and_a_retry_gets_its_result() {
    let (work, held) = Work::held();
    let host = Http::with(work).await;
    let (client, other) = two_sessions(&host).await;
    tokio::select! {
        _ = client.call("draft_post", draft()) => panic!("it is held back"),
        () = held.begun() => {}
    }
    client.close().await;
    let (retried, ()) = tokio::join!(other.call("draft_post", draft()), async {
        held.release();
    });
    assert_eq!(other.artifacts().await, [done(&retried)]);
}
