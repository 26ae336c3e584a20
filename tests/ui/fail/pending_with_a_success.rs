//! A retry of a running attempt is refused with a 2xx status.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, pending = reject(202))]
async fn create(body: String) -> String {
    body
}

fn main() {}
