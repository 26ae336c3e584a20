//! An option of the grammar whose behaviour is still to come.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = json)]
async fn create(body: String) -> String {
    body
}

fn main() {}
