//! A word that an option does not know.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = retry)]
async fn create(body: String) -> String {
    body
}

fn main() {}
