//! The number of attempts that may be abandoned stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = rerun("3"))]
async fn create(body: String) -> String {
    body
}

fn main() {}
