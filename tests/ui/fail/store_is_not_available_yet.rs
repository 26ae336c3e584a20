//! `store` is not available yet.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, store = app.idempotency)]
async fn create(app: String) -> String {
    app
}

fn main() {}
