//! A list of places where the key may be: the first that is present counts, and two that differ are invalid.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Reply, bounded};
use serde::Deserialize;

use crate::host::{Bytes, Json, Routes, Server, State, idempotent};

type Runs = Arc<AtomicUsize>;

fn run(runs: &Runs) -> String {
    format!("run {}", runs.fetch_add(1, Ordering::SeqCst) + 1)
}

#[idempotent(key = [header("X-Key"), body("key")], scope = global, fingerprint = none)]
async fn header_or_body(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[idempotent(key = [header("X-Key"), body("/meta/key")], scope = global, fingerprint = none, missing = unprotected)]
async fn optional(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[idempotent(key = [header("X-Key"), query("key"), body("/meta/key")], scope = global, fingerprint = none, operation = "three")]
async fn three(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    number: Option<u64>,
}

#[idempotent(key = [header("X-Key"), event.id, event.number], scope = global, fingerprint = none)]
async fn expression(State(runs): State<Runs>, Json(event): Json<Event>) -> String {
    // The expressions have borrowed it.
    drop(event);
    run(&runs)
}

struct Site {
    client: Client,
    runs: Runs,
    _server: Server,
}

async fn site() -> Site {
    let runs = Runs::default();
    let router = Routes::new(Arc::clone(&runs))
        .post("/header-or-body", header_or_body)
        .post("/optional", optional)
        .post("/three", three)
        .post("/expression", expression)
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        runs,
        _server: server,
    }
}

impl Site {
    async fn post(&self, path: &str, header: Option<&str>, body: &str) -> Reply {
        let request = self.client.post(path).json(body);
        match header {
            Some(key) => request.header("x-key", key).send().await,
            None => request.send().await,
        }
    }

    fn assert_ran(&self, reply: &Reply) {
        let runs = self.runs.load(Ordering::SeqCst);
        assert_eq!(
            (reply.text(), reply.is_replay()),
            (format!("run {runs}").as_str(), false)
        );
    }
}

fn assert_refused(reply: &Reply, code: &str) {
    assert_eq!(reply.problem(), (400, code.to_owned()));
}

const MISSING: &str = "idempotency_key_missing";
const INVALID: &str = "idempotency_key_invalid";

#[tokio::test]
async fn the_same_key_in_either_place_or_in_both_is_one_key() {
    bounded(async {
        let site = site().await;
        let path = "/header-or-body";
        let first = site.post(path, Some("k"), "").await;
        site.assert_ran(&first);
        for (header, body) in [
            (Some("k"), "{}"),
            (Some("k"), r#"{"key":null}"#),
            (Some("k"), r#"{"key":"k"}"#),
            (Some("\"k\""), r#"{"key":"k"}"#),
            (None, r#"{"key":"k"}"#),
            (None, r#"{"key":"\"k\""}"#),
        ] {
            let retry = site.post(path, header, body).await;
            assert_eq!(
                (retry.text(), retry.is_replay()),
                ("run 1", true),
                "{header:?} {body}"
            );
        }
        let other = site.post(path, None, r#"{"key":"another"}"#).await;
        site.assert_ran(&other);
    })
    .await;
}

#[tokio::test]
async fn two_keys_that_differ_are_invalid_and_nothing_runs() {
    bounded(async {
        let site = site().await;
        for path in ["/header-or-body", "/optional"] {
            let body = r#"{"key":"b","meta":{"key":"b"}}"#;
            let refused = site.post(path, Some("a"), body).await;
            assert_refused(&refused, INVALID);
        }
        let refused = site
            .post("/header-or-body", Some("k"), r#"{"key":"K"}"#)
            .await;
        assert_refused(&refused, INVALID);
        assert_eq!(site.runs.load(Ordering::SeqCst), 0);
        // Neither key was used up.
        for key in ["a", "b"] {
            let fresh = site.post("/header-or-body", Some(key), "").await;
            site.assert_ran(&fresh);
        }
    })
    .await;
}

#[tokio::test]
async fn no_key_in_any_place_is_missing() {
    bounded(async {
        let site = site().await;
        for body in ["", "{}", r#"{"key":null}"#, r#"{"meta":{"key":"k"}}"#] {
            let refused = site.post("/header-or-body", None, body).await;
            assert_refused(&refused, MISSING);
            let refused = site.post("/three", None, "{}").await;
            assert_refused(&refused, MISSING);
        }
        assert_eq!(site.runs.load(Ordering::SeqCst), 0);
        for _ in 0..2 {
            let unprotected = site.post("/optional", None, "{}").await;
            site.assert_ran(&unprotected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_malformed_key_is_invalid_though_another_place_has_a_sound_one() {
    bounded(async {
        let site = site().await;
        for path in ["/header-or-body", "/optional"] {
            for (header, body) in [
                (Some("a,b"), r#"{"key":"k","meta":{"key":"k"}}"#),
                (Some(""), r#"{"key":"k","meta":{"key":"k"}}"#),
                (Some("k"), r#"{"key":"","meta":{"key":""}}"#),
                (Some("k"), r#"{"key":1,"meta":{"key":1}}"#),
                (
                    Some("k"),
                    r#"{"key":"k","key":"k","meta":{"key":"k","key":"k"}}"#,
                ),
                (Some("k"), "{"),
                (None, r#"{"key":"é","meta":{"key":"é"}}"#),
                (Some("a,b"), "{}"),
            ] {
                let refused = site.post(path, header, body).await;
                assert_eq!(
                    refused.problem(),
                    (400, INVALID.to_owned()),
                    "{path} {header:?} {body}"
                );
            }
        }
        let two = site
            .client
            .post("/header-or-body")
            .header("x-key", "k")
            .header("x-key", "k")
            .json("{}")
            .send()
            .await;
        assert_refused(&two, INVALID);
        assert_eq!(site.runs.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test]
async fn each_of_three_places_counts_and_any_two_that_differ_are_invalid() {
    bounded(async {
        let site = site().await;
        let send = async |header: Option<&str>, query: Option<&str>, body: Option<&str>| {
            let path = query.map_or("/three".to_owned(), |key| format!("/three?key={key}"));
            let body = body.map_or("{}".to_owned(), |key| {
                format!(r#"{{"meta":{{"key":"{key}"}}}}"#)
            });
            site.post(&path, header, &body).await
        };
        for (header, query, body) in [
            (Some("h"), None, None),
            (None, Some("q"), None),
            (None, None, Some("b")),
        ] {
            let sent = send(header, query, body).await;
            site.assert_ran(&sent);
        }
        assert!(
            send(None, None, Some("h")).await.is_replay(),
            "one key wherever it stands"
        );
        for (header, query, body) in [
            (Some("1"), Some("2"), None),
            (Some("1"), None, Some("2")),
            (None, Some("1"), Some("2")),
            (Some("1"), Some("1"), Some("2")),
            (Some("2"), Some("1"), Some("1")),
        ] {
            let refused = send(header, query, body).await;
            assert_refused(&refused, INVALID);
        }
        assert_eq!(site.runs.load(Ordering::SeqCst), 3);
    })
    .await;
}

#[tokio::test]
async fn expressions_stand_in_a_list_like_any_place() {
    bounded(async {
        let site = site().await;
        let path = "/expression";
        let first = site.post(path, None, r#"{"id":"17"}"#).await;
        site.assert_ran(&first);
        for (header, body) in [
            (Some("17"), "{}"),
            (None, r#"{"number":17}"#),
            (Some("17"), r#"{"id":"17","number":17}"#),
        ] {
            assert!(
                site.post(path, header, body).await.is_replay(),
                "{header:?} {body}"
            );
        }
        for (header, body) in [
            (Some("18"), r#"{"id":"17"}"#),
            (None, r#"{"id":"17","number":18}"#),
            (None, r#"{"id":""}"#),
        ] {
            let refused = site.post(path, header, body).await;
            assert_refused(&refused, INVALID);
        }
        let refused = site.post(path, None, "{}").await;
        assert_refused(&refused, MISSING);
        assert_eq!(site.runs.load(Ordering::SeqCst), 1);
    })
    .await;
}
