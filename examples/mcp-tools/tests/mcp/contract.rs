//! What holds over every transport.

use futures_util::future::join_all;
use rmcp::model::Tool;
use serde_json::{Value, json};

use crate::clients::{ACME, GLOBEX, Host, Http, Sessionless, Stdio, done, refused};

macro_rules! over_every_transport {
    ($($test:ident),* $(,)?) => {
        mod over_stdio {
            $(#[tokio::test] async fn $test() { super::$test::<super::Stdio>().await })*
        }
        mod over_http {
            $(#[tokio::test] async fn $test() { super::$test::<super::Http>().await })*
        }
        mod over_http_without_sessions {
            $(#[tokio::test] async fn $test() { super::$test::<super::Sessionless>().await })*
        }
    };
}

over_every_transport![
    a_tool_called_twice_with_one_key_has_one_effect_and_the_same_result,
    a_retry_in_another_session_gets_the_same_result,
    another_organization_may_use_the_same_key,
    another_tool_may_use_the_same_key,
    another_input_under_the_same_key_is_refused,
    a_failed_call_leaves_its_key_free,
    a_key_may_be_metadata_of_the_request,
    a_key_may_be_in_the_argument_meta,
    two_keys_that_differ_are_refused,
    a_call_without_a_key_is_told_to_make_one_up,
    a_key_is_16_to_128_ascii_characters,
    calls_at_once_run_once,
    a_read_only_tool_takes_no_key,
    every_tool_that_changes_something_tells_models_to_reuse_the_key,
];

const KEY: &str = "draft-of-monday-0001";

fn draft(key: &str, topic: &str) -> Value {
    json!({ "idempotency_key": key, "topic": topic })
}

async fn a_tool_called_twice_with_one_key_has_one_effect_and_the_same_result<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let first = client.call("draft_post", draft(KEY, "otters")).await;
    let second = client.call("draft_post", draft(KEY, "otters")).await;
    assert_eq!(first, second);
    assert_eq!(client.artifacts().await, [done(&first)]);
}

async fn a_retry_in_another_session_gets_the_same_result<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let first = client.call("draft_post", draft(KEY, "otters")).await;
    // Over stdio the server process ends with its client.
    client.close().await;
    let client = host.client(ACME).await;
    let second = client.call("draft_post", draft(KEY, "otters")).await;
    assert_eq!(first, second);
    assert_eq!(client.artifacts().await.len(), 1);
}

async fn another_organization_may_use_the_same_key<H: Host>() {
    let host = H::start().await;
    let (acme, globex) = (host.client(ACME).await, host.client(GLOBEX).await);
    let of_acme = done(&acme.call("draft_post", draft(KEY, "otters")).await);
    let of_globex = done(&globex.call("draft_post", draft(KEY, "otters")).await);
    assert_ne!(of_acme["id"], of_globex["id"]);
    assert_eq!(acme.artifacts().await, [of_acme]);
    assert_eq!(globex.artifacts().await, [of_globex]);
}

async fn another_tool_may_use_the_same_key<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let drafted = done(&client.call("draft_post", draft(KEY, "otters")).await);
    let publication = json!({
        "idempotency_key": KEY, "artifact_id": drafted["id"], "channel": "blog",
    });
    let published = done(&client.call("publish_artifact", publication).await);
    assert_eq!(published["channel"], "blog");
    assert_eq!(client.artifacts().await, [published]);
}

async fn another_input_under_the_same_key_is_refused<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    client.call("draft_post", draft(KEY, "otters")).await;
    let (code, advice) = refused(&client.call("draft_post", draft(KEY, "beavers")).await);
    assert_eq!(code, "idempotency_mismatch");
    assert!(advice.contains("call again with a new key"), "{advice}");
    assert_eq!(client.artifacts().await.len(), 1);
}

async fn a_failed_call_leaves_its_key_free<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let publication = |id: &Value| json!({ "idempotency_key": "publication-of-monday", "artifact_id": id, "channel": "blog" });
    let none = publication(&json!("nothing"));
    let (code, _) = refused(&client.call("publish_artifact", none).await);
    assert_eq!(code, "not_found");
    let drafted = done(&client.call("draft_post", draft(KEY, "otters")).await);
    let published = client
        .call("publish_artifact", publication(&drafted["id"]))
        .await;
    assert_eq!(done(&published)["channel"], "blog");
}

async fn a_key_may_be_metadata_of_the_request<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let topic = json!({ "topic": "otters" });
    let first = client
        .call_with_meta("draft_post", topic.clone(), KEY)
        .await;
    let second = client.call_with_meta("draft_post", topic, KEY).await;
    assert_eq!(done(&first), done(&second));
    // It is the same key wherever it is.
    let third = client.call("draft_post", draft(KEY, "otters")).await;
    assert_eq!(done(&first), done(&third));
    assert_eq!(client.artifacts().await.len(), 1);
}

async fn a_key_may_be_in_the_argument_meta<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let arguments = json!({
        "meta": { "ucp-agent": { "profile": "https://agent.example" }, "idempotency-key": KEY },
        "topic": "otters",
    });
    let first = client.call("draft_post", arguments.clone()).await;
    let second = client.call("draft_post", arguments).await;
    assert_eq!(done(&first), done(&second));
    assert_eq!(client.artifacts().await.len(), 1);
}

async fn two_keys_that_differ_are_refused<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let arguments = draft(KEY, "otters");
    let both = client
        .call_with_meta("draft_post", arguments, "draft-of-tuesday-0001")
        .await;
    assert_eq!(refused(&both).0, "idempotency_key_invalid");
    assert!(client.artifacts().await.is_empty());
}

async fn a_call_without_a_key_is_told_to_make_one_up<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let (code, advice) = refused(
        &client
            .call("draft_post", json!({ "topic": "otters" }))
            .await,
    );
    assert_eq!(code, "idempotency_key_missing");
    assert!(advice.contains("Make one up"), "{advice}");
    assert!(client.artifacts().await.is_empty());
}

async fn a_key_is_16_to_128_ascii_characters<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    for key in [
        "k".repeat(15),
        "k".repeat(129),
        "ключ-из-букв-и-цифр".to_owned(),
    ] {
        let (code, advice) = refused(&client.call("draft_post", draft(&key, "otters")).await);
        assert_eq!(code, "idempotency_key_invalid", "{key}");
        assert!(advice.contains("16 to 128 ASCII characters"), "{advice}");
    }
    for key in ["k".repeat(16), "k".repeat(128)] {
        done(&client.call("draft_post", draft(&key, "otters")).await);
    }
    assert_eq!(client.artifacts().await.len(), 2);
}

async fn calls_at_once_run_once<H: Host>() {
    let host = H::start().await;
    let clients = [host.client(ACME).await, host.client(ACME).await];
    let calls = (0..8).map(|call| clients[call % 2].call("draft_post", draft(KEY, "otters")));
    let results = join_all(calls).await;
    let [first, rest @ ..] = results.as_slice() else {
        panic!("no result")
    };
    assert!(
        rest.iter().all(|result| done(result) == done(first)),
        "{results:?}"
    );
    assert_eq!(clients[0].artifacts().await, [done(first)]);
}

async fn a_read_only_tool_takes_no_key<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    assert!(client.artifacts().await.is_empty());
    let tools = client.0.list_all_tools().await.unwrap();
    let read_only: Vec<&Tool> = tools.iter().filter(|tool| is_read_only(tool)).collect();
    let [tool] = read_only[..] else {
        panic!("{read_only:?}")
    };
    assert_eq!(tool.name, "list_artifacts");
    let properties = &tool.input_schema["properties"];
    assert!(properties.get("idempotency_key").is_none(), "{properties}");
}

async fn every_tool_that_changes_something_tells_models_to_reuse_the_key<H: Host>() {
    let host = H::start().await;
    let client = host.client(ACME).await;
    let instructions = client.0.peer_info().unwrap().instructions.clone().unwrap();
    assert!(instructions.contains("reuse that key"), "{instructions}");
    let tools = client.0.list_all_tools().await.unwrap();
    let changing: Vec<&Tool> = tools.iter().filter(|tool| !is_read_only(tool)).collect();
    assert_eq!(changing.len(), 3);
    for tool in changing {
        let description = tool.description.as_deref().unwrap();
        assert!(
            description.contains("same `idempotency_key`"),
            "{description}"
        );
        let key = &tool.input_schema["properties"]["idempotency_key"];
        let about = key["description"].as_str().unwrap();
        assert!(
            about.contains("When you retry, send the same key"),
            "{about}"
        );
        assert_eq!(
            (&key["minLength"], &key["maxLength"]),
            (&json!(16), &json!(128))
        );
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.idempotent_hint, Some(true));
        assert!(tool.output_schema.is_some());
    }
}

fn is_read_only(tool: &Tool) -> bool {
    let hints = tool.annotations.as_ref();
    hints.and_then(|hints| hints.read_only_hint) == Some(true)
}
