//! A routing attribute that would route the wrong function. (Another attribute plays it here.)
use idempotent_runtime::axum::idempotent;
use tracing::instrument as post;

#[idempotent(scope = global)]
#[post(skip_all)]
async fn create(body: String) -> String {
    body
}

fn main() {}
