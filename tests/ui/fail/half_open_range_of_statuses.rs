//! A range of statuses has no last status.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, release = [502..505])]
async fn create(body: String) -> String {
    body
}

fn main() {}
