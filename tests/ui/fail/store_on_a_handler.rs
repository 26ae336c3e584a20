//! A store for a handler, which its layer gives.
use axum::extract::State;
use idempotent_runtime::Idempotency;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, store = idempotency)]
async fn create(State(idempotency): State<Idempotency>) -> String {
    String::new()
}

fn main() {}
