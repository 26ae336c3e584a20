//! A list of keys holds another list.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, key = [header("X-Key"), [body("id")]])]
async fn create(body: String) -> String {
    body
}

fn main() {}
