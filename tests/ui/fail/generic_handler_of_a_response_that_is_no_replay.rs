//! A generic handler answers with a type parameter that need be no `Replay`.
use axum::response::IntoResponse;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create<T: IntoResponse + Send>(answer: T) -> T {
    answer
}

fn main() {}
