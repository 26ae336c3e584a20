//! The response is a type of the application that is no `Replay`.
use axum::response::{IntoResponse, Response};
use idempotent_runtime::axum::idempotent;

struct Created;

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        Response::default()
    }
}

#[idempotent(scope = global)]
async fn create(_body: String) -> Created {
    Created
}

fn main() {}
