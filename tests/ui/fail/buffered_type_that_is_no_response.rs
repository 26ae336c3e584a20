//! `response = buffer` is asked of a type that isn't a response.
use idempotent_runtime::axum::idempotent;

struct Task;

#[idempotent(scope = global, response = buffer)]
async fn create(_body: String) -> Task {
    Task
}

fn main() {}
