//! A say in replays, in every form.

use core::future::ready;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::{Json, Router, routing};
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};

/// The state.
#[derive(Clone, Debug)]
pub struct Tasks(Vec<u64>);

impl Tasks {
    /// Whether it is there.
    async fn has(&self, id: u64) -> bool {
        ready(self.0.contains(&id)).await
    }
}

/// Decides by a closure.
#[idempotent(scope = org, on_replay = |saved| async move {
    let Ok(id) = saved.json::<u64>() else {
        return OnReplay::Replay;
    };
    if tasks.has(id).await {
        OnReplay::Replay
    } else {
        OnReplay::answer((StatusCode::NOT_FOUND, org.to_string()))
    }
})]
pub async fn closure(State(tasks): State<Tasks>, Extension(org): Extension<u64>) -> Json<usize> {
    Json(tasks.0.len())
}

/// Decides by an async closure.
#[idempotent(scope = body, on_replay = async |saved: Saved| -> OnReplay {
    if saved.body() == body.as_bytes() { OnReplay::Replay } else { OnReplay::Forget }
})]
pub async fn async_closure(body: String) -> String {
    body
}

/// Decides by a function.
#[idempotent(scope = body, on_replay = decide)]
pub async fn function(body: String) -> String {
    body
}

/// Decides for any owner.
#[idempotent(scope = global, on_replay = |saved| async move {
    if saved.body() == owner.to_string().as_bytes() { OnReplay::Replay } else { OnReplay::Forget }
})]
pub async fn generic<O: ToString + Clone + Send + Sync + 'static>(
    Extension(owner): Extension<O>,
) -> String {
    owner.to_string()
}

/// Decides.
async fn decide(saved: Saved) -> OnReplay {
    if saved.status().is_success() {
        OnReplay::Replay
    } else {
        OnReplay::Forget
    }
}

/// Routes to them.
pub fn app() -> Router<Tasks> {
    Router::new()
        .route("/a", routing::post(closure))
        .route("/b", routing::post(async_closure))
        .route("/c", routing::post(function))
        .route("/d", routing::post(generic::<u64>))
}
