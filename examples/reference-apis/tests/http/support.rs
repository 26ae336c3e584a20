//! An API on a socket, and a client of it.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::MemoryStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_tests::{Client, Gate, Reply, Server};
use reference_apis::Backend;
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;

/// A day of 24 hours.
pub(crate) const DAY: Duration = Duration::from_hours(24);
/// The least that an expiry can be missed by.
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// The last moment at which this much time has not passed.
pub(crate) fn just_before(time: Duration) -> Duration {
    time.checked_sub(MILLISECOND).unwrap()
}

/// An API that is being served.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) backend: Backend,
    client: Client,
    _server: Arc<Server>,
}

impl Api {
    pub(crate) async fn serve(backend: Backend, app: axum::Router) -> Self {
        let server = Server::start(app).await;
        Self {
            backend,
            client: Client::new(&server),
            _server: Arc::new(server),
        }
    }

    /// Sends a request with these header lines.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = self.client.request(method, path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.json(body);
        }
        request.send().await
    }

    /// How many rows a listing shows to an API key.
    pub(crate) async fn count(&self, path: &str, api_key: &str) -> usize {
        let caller = format!("Bearer {api_key}");
        let listed = self
            .send(Method::GET, path, &[("authorization", &caller)], "")
            .await;
        let listed = json(&listed);
        let rows = listed.get("data").unwrap_or(&listed);
        rows.as_array().unwrap().len()
    }
}

/// A backend whose work waits at a gate.
pub(crate) fn gated(gate: &Gate) -> Backend {
    let gate = gate.clone();
    Backend::that_takes(move || {
        let gate = gate.clone();
        async move { gate.pass().await }
    })
}

/// Waits until the work of a request that was sent is at the gate. One that is answered before never came there.
pub(crate) async fn at_the_gate(gate: &Gate, sent: &mut JoinHandle<Reply>) {
    tokio::select! {
        () = gate.arrival() => {}
        reply = sent => panic!("answered without any work: {:?}", reply.unwrap()),
    }
}

/// A store on a clock that stands still.
pub(crate) fn store_on(clock: &ManualClock) -> MemoryStore {
    MemoryStore::with_clock(Arc::new(clock.clone()))
}

/// A JSON answer.
pub(crate) fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// A text in an answer's JSON, by its pointer.
pub(crate) fn text(reply: &Reply, pointer: &str) -> String {
    let json = json(reply);
    let text = json.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{pointer} in {json}"))
        .to_owned()
}

/// The status, and the code of an error in the envelope that most of the APIs have.
pub(crate) fn error(reply: &Reply) -> (u16, String) {
    let code = text(reply, "/error/code");
    (reply.status.as_u16(), code)
}

/// Asserts that the second answer is the first one once more: same status, headers and bytes.
#[track_caller]
pub(crate) fn assert_same(retry: &Reply, first: &Reply) {
    assert_eq!(retry.clone().recorded(), first.clone().recorded());
}
