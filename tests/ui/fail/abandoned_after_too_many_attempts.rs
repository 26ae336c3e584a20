//! More attempts may be abandoned than anybody means.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = rerun(4294967296))]
async fn create(body: String) -> String {
    body
}

fn main() {}
