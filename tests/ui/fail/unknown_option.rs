//! An option is misspelt.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, tll = "24h")]
async fn create(body: String) -> String {
    body
}

fn main() {}
