//! The closure of `on_replay` names an argument that is not `Sync`.
use axum::extract::Request;
use axum::http::StatusCode;
use idempotent_runtime::axum::{OnReplay, idempotent};

async fn allowed(_request: &Request) -> bool {
    true
}

#[idempotent(scope = global, on_replay = |_saved| async move {
    if allowed(request).await { OnReplay::Replay } else { OnReplay::answer(StatusCode::FORBIDDEN) }
})]
async fn create(request: Request) -> StatusCode {
    drop(request);
    StatusCode::CREATED
}

fn main() {}
