//! The word of `abandoned` stands in quotes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = "refuse")]
async fn create(body: String) -> String {
    body
}

fn main() {}
