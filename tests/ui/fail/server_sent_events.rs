//! The response is a stream of server-sent events.
use axum::response::sse::{Event, Sse};
use futures_util::stream::Empty;
use idempotent_runtime::axum::idempotent;
use std::convert::Infallible;

#[idempotent(scope = global)]
async fn create(_body: String) -> Sse<Empty<Result<Event, Infallible>>> {
    Sse::new(futures_util::stream::empty())
}

fn main() {}
