//! The response is a `Vec` of values.
use idempotent_runtime::axum::idempotent;

#[derive(serde::Serialize)]
struct Task;

#[idempotent(scope = global)]
async fn create(_body: String) -> Vec<Task> {
    vec![Task]
}

fn main() {}
