//! A type of the application's own that is called `Response` is no `Replay`.
use axum::response::IntoResponse;
use idempotent_runtime::axum::idempotent;

struct Response;

impl IntoResponse for Response {
    fn into_response(self) -> axum::response::Response {
        ().into_response()
    }
}

#[idempotent(scope = global)]
async fn create(_body: String) -> Response {
    Response
}

fn main() {}
