//! What a body or a response says beside its bytes: fields that are not there, a form that isn't one, and an error's own
//! disposition where the response is read to its end.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use idempotent_runtime::{Disposition, Idempotency, MemoryStore};
use idempotent_tests::{Client, bounded};

use crate::host::{
    Answer, Bytes, Multipart, Path, Replay, Respond, Response, Routes, Server, State, idempotent,
    responds,
};

#[derive(Clone, Default)]
struct App(Arc<AtomicUsize>);

impl App {
    fn run(&self) -> String {
        format!("run {}", self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// An error that says what it means: nothing was done, or all was.
#[derive(Debug)]
enum ApiError {
    NothingWasDone,
    Final,
}

responds!(ApiError, |error| match error {
    ApiError::NothingWasDone => Answer::new(500, ""),
    ApiError::Final => Answer::new(503, ""),
});

impl Replay for ApiError {
    fn disposition(&self) -> Option<Disposition> {
        Some(match self {
            Self::NothingWasDone => Disposition::FailedRetriable,
            Self::Final => Disposition::FailedFinal,
        })
    }
}

type ApiResult<T> = Result<T, ApiError>;

fn fail(how: &str) -> ApiError {
    match how {
        "nothing" => ApiError::NothingWasDone,
        _ => ApiError::Final,
    }
}

#[idempotent(scope = global, response = buffer)]
async fn unnamed(
    State(app): State<App>,
    Path(how): Path<String>,
) -> Result<impl Respond, ApiError> {
    app.run();
    if how == "ok" {
        return Ok("ok");
    }
    Err(fail(&how))
}

#[idempotent(scope = global, response = buffer)]
async fn written(State(app): State<App>, Path(how): Path<String>) -> Result<Response, ApiError> {
    app.run();
    Err(fail(&how))
}

#[idempotent(scope = global, response = buffer)]
async fn by_alias(State(app): State<App>, Path(how): Path<String>) -> ApiResult<Response> {
    app.run();
    Err(fail(&how))
}

#[idempotent(scope = global, response = buffer)]
async fn replayable(State(app): State<App>, Path(how): Path<String>) -> ApiResult<String> {
    app.run();
    Err(fail(&how))
}

#[idempotent(scope = global, response = buffer)]
async fn itself(State(app): State<App>, Path(how): Path<String>) -> ApiError {
    app.run();
    fail(&how)
}

#[idempotent(scope = global)]
async fn upload(State(app): State<App>, mut form: Multipart) -> Result<String, Answer> {
    let run = app.run();
    while let Some(content) = form.next().await? {
        if content.is_empty() {
            return Err(Answer::new(422, ""));
        }
    }
    Ok(run)
}

#[idempotent(scope = global, fingerprint = fields("/amount", "/currency"))]
async fn by_fields(State(app): State<App>, _body: Bytes) -> String {
    app.run()
}

async fn site() -> (Client, App, Server) {
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/unnamed/{how}", unnamed)
        .post("/written/{how}", written)
        .post("/by_alias/{how}", by_alias)
        .post("/replayable/{how}", replayable)
        .post("/itself/{how}", itself)
        .post("/upload", upload)
        .post("/by_fields", by_fields)
        .protect(Idempotency::new(MemoryStore::new()));
    let server = Server::start(router).await;
    (Client::at(server.addr()), app, server)
}

#[tokio::test]
async fn a_types_own_disposition_goes_before_the_status_where_the_response_is_read_to_its_end() {
    bounded(async {
        let (client, _, _server) = site().await;
        for form in ["unnamed", "written", "by_alias", "replayable", "itself"] {
            for (how, is_kept) in [("nothing", false), ("final", true)] {
                let path = format!("/{form}/{how}");
                client.post_key(&path, how).await;
                let again = client.post_key(&path, how).await;
                assert_eq!(again.is_replay(), is_kept, "{path}");
            }
        }
        client.post_key("/unnamed/ok", "ok").await;
        let again = client.post_key("/unnamed/ok", "ok").await;
        assert_eq!((again.is_replay(), again.text()), (true, "ok"));
    })
    .await;
}

const FORM: &str = "multipart/form-data; boundary=b";

fn form(content: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n{content}\r\n--b--\r\n")
}

#[tokio::test]
async fn a_malformed_form_that_is_found_inside_the_handler_leaves_the_key_free() {
    bounded(async {
        let (client, app, _server) = site().await;
        let send = |body: String| client.post("/upload").key("k").body(FORM, body).send();
        let whole = form("hello");
        let broken = send(whole[..whole.len() - 8].to_owned()).await;
        assert_eq!(broken.status.as_u16(), 400);
        let mended = send(whole.clone()).await;
        assert_eq!((mended.status.as_u16(), mended.text()), (200, "run 2"));
        assert!(send(whole).await.is_replay());
        assert_eq!(app.0.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test]
async fn a_whole_form_that_the_handler_turns_away_is_recorded() {
    bounded(async {
        let (client, _, _server) = site().await;
        let send = || client.post("/upload").key("k").body(FORM, form("")).send();
        assert_eq!(send().await.status.as_u16(), 422);
        assert!(send().await.is_replay());
    })
    .await;
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn bodies_without_any_of_the_named_fields_are_told_of_once() {
    bounded(async {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let _listening = tracing::subscriber::set_default(subscriber.finish());
        let (client, _, _server) = site().await;
        for key in ["a", "b"] {
            let request = client.post("/by_fields").key(key);
            let reply = request.json(r#"{"secret_sum":7}"#).send().await;
            assert_eq!(reply.status.as_u16(), 200);
        }
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("none of the fields").count(), 1, "{log}");
        assert!(
            log.contains("/currency") && !log.contains("secret_sum"),
            "{log}"
        );
    })
    .await;
}
