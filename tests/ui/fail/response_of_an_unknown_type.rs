//! The response is of a type that does not exist.
use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(_body: String) -> Json<Taks> {
    todo!()
}

fn main() {}
