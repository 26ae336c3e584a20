//! No attempt may be abandoned.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = rerun(0))]
async fn create(body: String) -> String {
    body
}

fn main() {}
