//! `except` leaves nothing of the body.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = except(""))]
async fn create(body: String) -> String {
    body
}

fn main() {}
