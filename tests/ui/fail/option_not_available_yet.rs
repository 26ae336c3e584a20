//! An option of the grammar whose behaviour is still to come.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, transaction = tx)]
async fn create(tx: String) -> String {
    tx
}

fn main() {}
