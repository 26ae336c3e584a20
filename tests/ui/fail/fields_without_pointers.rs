//! `fields` names no field.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, fingerprint = fields())]
async fn create(body: String) -> String {
    body
}

fn main() {}
