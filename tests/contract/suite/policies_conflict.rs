//! A refusal is the same, byte for byte, whatever request is stored and whatever it was answered.

use std::sync::Arc;

use idempotent_runtime::policy::Policy;
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Gate, RawConnection, bounded};
use proptest::prelude::*;

use crate::host::{
    Answer, Attempt, Bytes, HEADERS_IN_ORDER, Path, Routes, Server, State, idempotent,
};

/// What the stored request is answered.
#[derive(Clone, Debug)]
struct Planned {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What duplicates are shown meanwhile.
    published: Option<String>,
}

#[derive(Clone)]
struct App {
    answer: Arc<Planned>,
    gate: Gate,
}

impl App {
    async fn reply(&self, attempt: &Attempt, how: &str) -> Answer {
        if let Some(published) = &self.answer.published {
            let _ = attempt.publish(published.clone()).await;
        }
        self.gate.pass().await;
        assert!(how != "panic", "as the test wants it");
        let answer = Answer::bytes(self.answer.status, self.answer.body.clone());
        let headers = self.answer.headers.iter();
        headers.fold(answer, |answer, (name, value)| answer.header(name, value))
    }
}

const SMALL: Policy = Policy::new().max_response(64);

#[idempotent(scope = global, policy = SMALL, release = never, abandoned = refuse)]
async fn pay(
    State(app): State<App>,
    attempt: Attempt,
    Path(how): Path<String>,
    _body: Bytes,
) -> Answer {
    app.reply(&attempt, &how).await
}

fn answer() -> impl Strategy<Value = Planned> {
    let header = ("x-[a-z]{1,8}", "[!-~]{1,20}");
    (
        prop::sample::select(vec![200, 201, 204, 303, 400, 404, 409, 422, 429, 500, 503]),
        prop::collection::vec(header, 0..4),
        // Some are larger than what is kept.
        "[ -~é]{0,100}",
        prop::option::of("[a-z]{0,20}"),
    )
        .prop_map(|(status, headers, body, published)| Planned {
            status,
            headers,
            body: body.into_bytes(),
            published,
        })
}

/// What a client is answered but for the date, as it comes over the wire.
async fn raw(server: &Server, how: &str, content_type: &str, body: &str) -> String {
    let mut connection = RawConnection::open(server.addr()).await;
    let content_type = format!("content-type: {content_type}");
    connection
        .post(
            &format!("/pay/{how}"),
            &["idempotency-key: k", &content_type],
            body,
        )
        .await;
    let answer = connection.read_to_end().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n");
    let mut lines: Vec<_> = lines
        .filter(|line| !line.to_ascii_lowercase().starts_with("date:"))
        .collect();
    if !HEADERS_IN_ORDER {
        // The first is the status.
        lines[1..].sort_unstable();
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n"))
}

/// The refusals that a stored request leads to, each with its name: of another request and of its own retry while it
/// runs, and of another request once it is done.
async fn refusals(answer: Planned, how: &str, stored: (&str, String)) -> [String; 4] {
    let app = App {
        answer: Arc::new(answer),
        gate: Gate::new(),
    };
    let router = Routes::new(app.clone())
        .post("/pay/{how}", pay)
        .catch_panics()
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(router).await;
    let (content_type, body) = stored;
    let first = tokio::spawn({
        let (client, body, content_type) = (
            Client::at(server.addr()),
            body.clone(),
            content_type.to_owned(),
        );
        let path = format!("/pay/{how}");
        async move {
            let request = client.post(&path).key("k").body(&content_type, body);
            request.send().await
        }
    });
    app.gate.arrival().await;
    let (other_type, other) = ("text/plain", "another request");
    let running = raw(&server, how, other_type, other).await;
    let pending = raw(&server, how, content_type, &body).await;
    app.gate.let_one_through();
    first.await.unwrap();
    let done = raw(&server, how, other_type, other).await;
    let retried = raw(&server, how, content_type, &body).await;
    [running, pending, done, retried]
}

fn in_a_runtime<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(bounded(test))
}

/// The refusals of the plainest stored request.
async fn reference() -> [String; 4] {
    let plain = Planned {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
        published: None,
    };
    refusals(plain, "answer", ("text/plain", String::new())).await
}

#[test]
fn the_refusals_compared_below_are_whole() {
    in_a_runtime(async {
        let [running, pending, done, _] = reference().await;
        for mismatch in [&running, &done] {
            assert!(mismatch.starts_with("HTTP/1.1 422 "), "{mismatch}");
            assert!(mismatch.contains(r#""code":"idempotency_mismatch""#));
        }
        assert_eq!(running, done);
        assert!(pending.starts_with("HTTP/1.1 409 "), "{pending}");
        assert!(pending.contains(r#""code":"idempotency_pending""#));
        assert!(!pending.to_ascii_lowercase().contains("date:"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_conflict_tells_nothing_of_what_is_stored(
        answer in answer(),
        content_type in prop::sample::select(vec!["text/plain", "application/json", "multipart/form-data; boundary=b"]),
        body in "[ -~]{0,200}",
        panics in any::<bool>(),
    ) {
        let too_large = answer.body.len() > 64 && answer.status != 204;
        // A form that isn't one gives the key back where the handler turns it away.
        let body = if content_type.starts_with("multipart") {
            format!("--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n{body}\r\n--b--\r\n")
        } else {
            body
        };
        let how = if panics { "panic" } else { "answer" };
        let (found, expected) = in_a_runtime(async {
            (refusals(answer, how, (content_type, body)).await, reference().await)
        });
        let [running, pending, done, retried] = found;
        prop_assert_eq!(&running, &expected[0], "of another request while it runs");
        prop_assert_eq!(&pending, &expected[1], "of its own retry while it runs");
        prop_assert_eq!(&done, &expected[0], "of another request once it is over");
        if panics || too_large {
            let code = if panics { "idempotency_outcome_unknown" } else { "idempotency_outcome_not_kept" };
            prop_assert!(retried.starts_with("HTTP/1.1 409 ") && retried.contains(code), "{}", retried);
        }
    }
}
