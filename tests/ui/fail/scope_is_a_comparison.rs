//! A scope that only says yes or no.

use axum::Extension;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = org == "acme")]
async fn create(Extension(org): Extension<String>) -> String {
    org
}

fn main() {}
