//! What of a request makes it the same request: each `fingerprint`, over a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, bounded};

use crate::host::{Bytes, Routes, Server, State, idempotent};

type Runs = Arc<AtomicUsize>;

fn run(runs: &Runs) -> String {
    runs.fetch_add(1, Ordering::SeqCst).to_string()
}

#[idempotent(scope = global)]
async fn body(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[idempotent(scope = global, fingerprint = json)]
async fn json(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[idempotent(scope = global, fingerprint = fields("/amount", "/items/1/price", "/a~1b", "/m~0n"))]
async fn fields(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

#[idempotent(scope = global, fingerprint = except("/sent_at", "/meta/trace", "/items/1/note", "/a~1b"))]
async fn except(State(runs): State<Runs>, _body: Bytes) -> String {
    run(&runs)
}

struct Site {
    client: Client,
    keys: AtomicUsize,
    runs: Runs,
    _server: Server,
}

async fn site() -> Site {
    let runs = Runs::default();
    let router = Routes::new(Arc::clone(&runs))
        .post("/body", body)
        .post("/json", json)
        .post("/fields", fields)
        .post("/except", except)
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        keys: AtomicUsize::new(0),
        runs,
        _server: server,
    }
}

/// A body and its type.
type Sent = (String, Vec<u8>);

impl Site {
    /// Whether the second of two requests under one key is answered as a retry of the first, or as another request.
    async fn is_retry(&self, path: &str, one: &Sent, other: &Sent) -> bool {
        let key = format!("k{}", self.keys.fetch_add(1, Ordering::SeqCst));
        let send = |(content_type, body): &Sent| {
            self.client
                .post(path)
                .key(&key)
                .body(content_type, body.clone())
                .send()
        };
        let runs = self.runs.load(Ordering::SeqCst);
        let first = send(one).await;
        assert_eq!(first.status.as_u16(), 200, "{first:?}");
        let second = send(other).await;
        assert_eq!(
            self.runs.load(Ordering::SeqCst),
            runs + 1,
            "the second did not run"
        );
        if second.is_replay() {
            assert_eq!(second.recorded(), first.recorded());
            return true;
        }
        assert_eq!(second.problem(), (422, "idempotency_mismatch".to_owned()));
        false
    }

    async fn assert_retry(&self, path: &str, one: &str, other: &str) {
        for (one, other) in [(one, other), (other, one)] {
            assert!(
                self.is_retry(path, &json_of(one), &json_of(other)).await,
                "{path}: {other} is a retry of {one}"
            );
        }
    }

    async fn assert_another(&self, path: &str, one: &str, other: &str) {
        for (one, other) in [(one, other), (other, one)] {
            assert!(
                !self.is_retry(path, &json_of(one), &json_of(other)).await,
                "{path}: {other} is another request than {one}"
            );
        }
    }
}

fn json_of(text: &str) -> Sent {
    ("application/json".to_owned(), text.as_bytes().to_vec())
}

#[tokio::test]
async fn json_takes_no_notice_of_order_white_space_escapes_and_ways_to_write_a_number() {
    bounded(async {
        let site = site().await;
        for (one, other) in [
            (
                r#"{"a":1,"b":[2,{"c":3,"d":4}]}"#,
                "{ \"b\" : [2,{\"d\":4,\n\"c\":3}],\t\"a\":1 }",
            ),
            (r#"{"a":"é/\u000a"}"#, r#"{"\u0061":"\u00e9\/\n"}"#),
            (r#"{"a":0}"#, r#"{"a":-0}"#),
            (r#"{"a":0}"#, r#"{"a":-0.0}"#),
            (r#"{"a":1}"#, r#"{"a":1.0}"#),
            (r#"{"a":100}"#, r#"{"a":1e2}"#),
            (r#"{"a":0.1}"#, r#"{"a":1E-1}"#),
        ] {
            site.assert_retry("/json", one, other).await;
            site.assert_another("/body", one, other).await;
        }
    })
    .await;
}

#[tokio::test]
async fn json_takes_notice_of_every_value() {
    bounded(async {
        let site = site().await;
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":false}"#, r#"{"a":null}"#),
            ("[1,2]", "[2,1]"),
            ("[[1],2]", "[1,[2]]"),
            (r#"{"a":{"b":[{"c":1}]}}"#, r#"{"a":{"b":[{"c":2}]}}"#),
            (r#"{"a":"e\u0301"}"#, r#"{"a":"\u00e9"}"#),
            (r#"{"a":[]}"#, r#"{"a":{}}"#),
        ] {
            site.assert_another("/json", one, other).await;
        }
    })
    .await;
}

#[tokio::test]
async fn integers_that_no_double_equals_keep_all_their_digits() {
    bounded(async {
        let site = site().await;
        for (one, other) in [
            ("9007199254740992", "9007199254740993"),
            ("9007199254740993", "9007199254740994"),
            ("-9007199254740992", "-9007199254740993"),
            ("18446744073709551615", "18446744073709551616"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
            ),
        ] {
            let document = |integer| format!(r#"{{"amount":{integer}}}"#);
            for path in ["/json", "/fields", "/except"] {
                site.assert_another(path, &document(one), &document(other))
                    .await;
            }
            let spaced = format!(r#"{{ "amount": {one} }}"#);
            site.assert_retry("/json", &document(one), &spaced).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_json_or_repeats_a_name_counts_by_its_bytes() {
    bounded(async {
        let site = site().await;
        for (text, spaced) in [
            (r#"{"a":1,"a":2}"#, r#"{"a":1, "a":2}"#),
            (
                r#"{"sent_at":{"a":1,"a":2}}"#,
                r#"{"sent_at":{"a":1, "a":2}}"#,
            ),
            (r#"{"a":1"#, r#"{"a": 1"#),
            ("amount=1", "amount=1 "),
            ("1e400", "1e400 "),
            ("01", "01 "),
        ] {
            for path in ["/json", "/fields", "/except"] {
                site.assert_retry(path, text, text).await;
                site.assert_another(path, text, spaced).await;
            }
        }
        // What parsers disagree about must never be taken for one another.
        site.assert_another("/json", r#"{"a":1,"a":2}"#, r#"{"a":2}"#)
            .await;
        site.assert_another("/json", r#"{"a":1,"a":2}"#, r#"{"a":1}"#)
            .await;
        site.assert_retry("/json", "", "").await;
        site.assert_another("/json", "", "null").await;
    })
    .await;
}

#[tokio::test]
async fn json_is_compared_as_json_whatever_its_content_type() {
    bounded(async {
        let site = site().await;
        let typed =
            |content_type: &str, text: &str| (content_type.to_owned(), text.as_bytes().to_vec());
        let one = typed("text/plain", r#"{"a":1,"b":2}"#);
        let other = typed("application/vnd.api+json", r#"{"b":2,"a":1}"#);
        assert!(site.is_retry("/json", &one, &other).await);
        assert!(!site.is_retry("/body", &one, &other).await);
    })
    .await;
}

#[tokio::test]
async fn fields_sees_exactly_what_it_names() {
    bounded(async {
        let site = site().await;
        let base = r#"{"amount":1,"items":[{"price":5},{"price":6,"note":"x"}],"a/b":{"x":[1]},"m~n":2,"rest":0}"#;
        for same in [
            r#"{"amount":1.0,"items":[{"price":5},{"price":6,"note":"x"}],"a/b":{"x":[1]},"m~n":2,"rest":9}"#,
            r#"{"m~n":2,"amount":1,"items":[null,{"price":6}],"a/b":{"x":[1]}}"#,
            r#"{"amount":1,"items":[7,{"price":6},{"price":9}],"a/b":{"x":[1]},"m~n":2,"amounts":3}"#,
        ] {
            site.assert_retry("/fields", base, same).await;
        }
        for another in [
            r#"{"amount":2,"items":[{"price":5},{"price":6,"note":"x"}],"a/b":{"x":[1]},"m~n":2,"rest":0}"#,
            r#"{"amount":1,"items":[{"price":5},{"price":7,"note":"x"}],"a/b":{"x":[1]},"m~n":2,"rest":0}"#,
            r#"{"amount":1,"items":[{"price":6,"note":"x"},{"price":5}],"a/b":{"x":[1]},"m~n":2,"rest":0}"#,
            r#"{"amount":1,"items":{"1":{"price":7}},"a/b":{"x":[1]},"m~n":2,"rest":0}"#,
            r#"{"amount":1,"items":[{"price":5},{"price":6,"note":"x"}],"a/b":{"x":[2]},"m~n":2,"rest":0}"#,
            r#"{"amount":1,"items":[{"price":5},{"price":6,"note":"x"}],"a/b":{"x":[1]},"m~n":3,"rest":0}"#,
            r#"{"amount":1,"items":[{"price":5},{"price":6,"note":"x"}],"a":{"b":{"x":[1]}},"m~n":2,"rest":0}"#,
        ] {
            site.assert_another("/fields", base, another).await;
        }
        site.assert_another("/fields", "{}", r#"{"amount":null}"#)
            .await;
        // Nothing that it names is in either.
        site.assert_retry("/fields", "{}", "[1]").await;
    })
    .await;
}

#[tokio::test]
async fn except_sees_all_but_what_it_names() {
    bounded(async {
        let site = site().await;
        let base = r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"x"},{"note":"y","price":6}],"a/b":1}"#;
        for same in [
            r#"{"sent_at":{"any":[9007199254740993]},"meta":{"trace":null,"id":1},"items":[{"note":"x"},{"note":"z","price":6}],"a/b":2}"#,
            r#"{"meta":{"id":1},"items":[{"note":"x"},{"price":6}]}"#,
        ] {
            site.assert_retry("/except", base, same).await;
        }
        for another in [
            r#"{"sent_at":1,"meta":{"trace":"t","id":2},"items":[{"note":"x"},{"note":"y","price":6}],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t"},"items":[{"note":"x"},{"note":"y","price":6}],"a/b":1}"#,
            r#"{"sent_at":1,"items":[{"note":"x"},{"note":"y","price":6}],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"z"},{"note":"y","price":6}],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"x"},{"note":"y","price":7}],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"x"}],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"x"},{"note":"y","price":6},0],"a/b":1}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1},"items":[{"note":"x"},{"note":"y","price":6}],"a":{"b":1}}"#,
            r#"{"sent_at":1,"meta":{"trace":"t","id":1,"sent_at":1},"items":[{"note":"x"},{"note":"y","price":6}]}"#,
        ] {
            site.assert_another("/except", base, another).await;
        }
    })
    .await;
}

#[tokio::test]
async fn method_path_and_query_count_under_every_fingerprint() {
    bounded(async {
        let site = site().await;
        for path in ["/body", "/json", "/fields", "/except"] {
            let send = |query: &str| {
                site.client
                    .post(&format!("{path}{query}"))
                    .key("q")
                    .json("{}")
                    .send()
            };
            assert_eq!(send("").await.status.as_u16(), 200);
            for query in ["?", "?a", "?a=1"] {
                assert_eq!(send(query).await.problem().0, 422, "{path}{query}");
            }
        }
    })
    .await;
}

/// A part: its head, and its content.
type Part<'a> = (&'a str, &'a str);

fn form(boundary: &str, parts: &[Part<'_>]) -> Sent {
    let parts: String = parts
        .iter()
        .flat_map(|(head, content)| ["--", boundary, "\r\n", head, "\r\n\r\n", content, "\r\n"])
        .collect();
    let body = format!("{parts}--{boundary}--\r\n");
    (
        format!("multipart/form-data; boundary={boundary}"),
        body.into_bytes(),
    )
}

const NOTE: &str = r#"Content-Disposition: form-data; name="note""#;
const FILE: &str =
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv";

#[tokio::test]
async fn a_form_is_the_same_under_another_boundary() {
    bounded(async {
        let site = site().await;
        let parts = [(NOTE, "hello"), (FILE, "a,b\r\nc")];
        let (one, other) = (form("one", &parts), form("----another0123", &parts));
        for path in ["/body", "/json", "/fields", "/except"] {
            assert!(site.is_retry(path, &one, &other).await, "{path}");
        }
        let mut shouted = form("two", &parts);
        shouted.0 = "Multipart/Form-Data; charset=utf-8; boundary=\"two\"".to_owned();
        assert!(site.is_retry("/body", &one, &shouted).await);
        let reworded = [(FILE, "a,b\r\nc"), (NOTE, "hello")].map(|(head, content)| {
            (
                head.replace("Content-Disposition", "content-disposition"),
                content,
            )
        });
        let reworded = [
            (reworded[1].0.as_str(), "hello"),
            (reworded[0].0.as_str(), "a,b\r\nc"),
        ];
        assert!(
            site.is_retry("/body", &one, &form("x", &reworded)).await,
            "names of headers have no case"
        );
    })
    .await;
}

#[tokio::test]
async fn a_form_is_another_with_every_changed_part() {
    bounded(async {
        let site = site().await;
        let base = form("b", &[(NOTE, "hello"), (FILE, "a,b")]);
        let [other_name, other_file, other_type, no_type, no_file] = [
            FILE.replace("\"file\"", "\"file2\""),
            FILE.replace("a.csv", "b.csv"),
            FILE.replace("text/csv", "text/plain"),
            FILE.replace("\r\nContent-Type: text/csv", ""),
            FILE.replace("; filename=\"a.csv\"", ""),
        ];
        for (what, parts) in [
            ("name", vec![(NOTE, "hello"), (other_name.as_str(), "a,b")]),
            (
                "file name",
                vec![(NOTE, "hello"), (other_file.as_str(), "a,b")],
            ),
            ("type", vec![(NOTE, "hello"), (other_type.as_str(), "a,b")]),
            ("no type", vec![(NOTE, "hello"), (no_type.as_str(), "a,b")]),
            (
                "no file name",
                vec![(NOTE, "hello"), (no_file.as_str(), "a,b")],
            ),
            ("content", vec![(NOTE, "hello"), (FILE, "a,c")]),
            ("line break", vec![(NOTE, "hello\r\n"), (FILE, "a,b")]),
            ("order", vec![(FILE, "a,b"), (NOTE, "hello")]),
            ("one less", vec![(NOTE, "hello")]),
            ("one more", vec![(NOTE, "hello"), (FILE, "a,b"), (NOTE, "")]),
        ] {
            for path in ["/body", "/json"] {
                assert!(
                    !site.is_retry(path, &base, &form("b", &parts)).await,
                    "{path}: {what}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_whole_form_counts_by_its_bytes() {
    bounded(async {
        let site = site().await;
        let cut = |boundary| {
            let (content_type, mut body) = form(boundary, &[(NOTE, "hello")]);
            body.truncate(body.len() - 6);
            (content_type, body)
        };
        assert!(site.is_retry("/body", &cut("one"), &cut("one")).await);
        assert!(!site.is_retry("/body", &cut("one"), &cut("two")).await);
        let (_, body) = form("one", &[(NOTE, "hello")]);
        let (_, other) = form("two", &[(NOTE, "hello")]);
        let untyped = |body| ("multipart/mixed; boundary=one".to_owned(), body);
        assert!(
            !site
                .is_retry("/body", &untyped(body), &untyped(other))
                .await
        );
    })
    .await;
}
