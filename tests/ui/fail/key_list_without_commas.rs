//! A list of keys has no commas.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [header("X-Key") body("id")])]
async fn create(body: String) -> String {
    body
}

fn main() {}
