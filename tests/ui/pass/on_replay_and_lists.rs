//! A say in replays, in every form, and the options that take lists.
#![deny(warnings)]

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::post;
use idempotent_runtime::axum::{Attempt, OnReplay, Saved, idempotent};
use serde::Deserialize;

#[derive(Clone)]
struct Tasks(Vec<u32>);

impl Tasks {
    async fn exists(&self, id: u32) -> bool {
        std::future::ready(self.0.contains(&id)).await
    }
}

#[derive(Deserialize)]
struct Event {
    id: String,
}

#[idempotent(
    key = [header("Idempotency-Key"), body("/id"), event.id],
    scope = org,
    fingerprint = fields("/amount", "/items/0/sku"),
    pending = wait("5s"),
    on_replay = |saved| async move {
        let Ok(id) = saved.json::<u32>() else { return OnReplay::Replay };
        if tasks.exists(id).await { OnReplay::Replay } else { OnReplay::answer(StatusCode::NOT_FOUND) }
    }
)]
async fn closure(
    State(tasks): State<Tasks>,
    Extension(org): Extension<u64>,
    _attempt: Attempt,
    axum::Json(event): axum::Json<Event>,
) -> String {
    drop(tasks);
    event.id
}

#[idempotent(
    scope = global,
    fingerprint = except("/sent_at"),
    mismatch = separate,
    pending = provisional("5s"),
    on_replay = async |saved| if saved.status().is_success() { OnReplay::Replay } else { OnReplay::Forget }
)]
async fn async_closure(attempt: Attempt) -> StatusCode {
    let _ = attempt.publish(StatusCode::ACCEPTED).await;
    StatusCode::CREATED
}

async fn always(saved: Saved) -> OnReplay {
    drop(saved);
    OnReplay::Replay
}

#[idempotent(scope = global, fingerprint = json, on_replay = always)]
async fn function(body: String) -> String {
    body
}

fn main() {
    let _: Router<Tasks> = Router::new()
        .route("/a", post(closure))
        .route("/b", post(async_closure))
        .route("/c", post(function));
}
