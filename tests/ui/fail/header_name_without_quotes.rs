//! A header's name has no quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = header(X_Key))]
async fn create(body: String) -> String {
    body
}

fn main() {}
