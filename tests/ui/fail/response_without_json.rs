//! The response is a serializable type without its `Json`.
use idempotent_runtime::axum::idempotent;

#[derive(serde::Serialize)]
struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Task {
    Task
}

fn main() {}
