//! `transaction` is not available yet.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, transaction = tx)]
async fn create(tx: String) -> String {
    tx
}

fn main() {}
