//! The closure of `on_replay` declares another type.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, on_replay = async |saved| -> Response { rebuild(saved).await })]
async fn create(body: String) -> String {
    body
}

fn main() {}
