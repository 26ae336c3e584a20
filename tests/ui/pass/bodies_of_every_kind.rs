//! What a handler's body may do: return early, fail, loop, nest items and blocks, call itself, be unsafe.
#![deny(warnings)]

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = body)]
async fn early(body: String) -> Result<String, StatusCode> {
    if body.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let number: u64 = body.parse().map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    let Some(next) = number.checked_add(1) else {
        return Err(StatusCode::CONFLICT);
    };
    Ok(next.to_string())
}

#[idempotent(scope = body)]
async fn early_without_a_value(body: String) {
    if body.is_empty() {
        return;
    }
    std::future::ready(()).await;
}

#[idempotent(scope = body)]
async fn loops(body: String) -> String {
    let found = 'outer: loop {
        for line in body.lines() {
            'inner: while !line.is_empty() {
                if line.len() > 3 {
                    break 'outer Some(line);
                }
                break 'inner;
            }
            continue;
        }
        break None;
    };
    let text = 'block: {
        let Some(found) = found else {
            break 'block "none";
        };
        found
    };
    text.to_owned()
}

#[idempotent(scope = body)]
async fn blocks(body: String) -> Result<String, StatusCode> {
    let parsed = async { body.parse::<u64>() }.await;
    let moved =
        async move { Ok::<_, StatusCode>(parsed.map_err(|_| StatusCode::BAD_REQUEST)? + 1) };
    let spawned = tokio::spawn(moved)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)??;
    let (one, other) = tokio::join!(async { 1 }, std::future::ready(2));
    let closure = async |more: u64| spawned + more;
    let chosen = tokio::select! {
        value = closure(one) => value,
        value = std::future::ready(other) => value,
    };
    Ok(chosen.to_string())
}

#[idempotent(scope = body)]
async fn items(body: String) -> Json<u64> {
    use std::collections::HashMap as Map;

    const LIMIT: u64 = 7;
    static NAMES: [&str; 2] = ["a", "b"];

    #[derive(Default)]
    struct Counter(Map<String, u64>);

    impl Counter {
        fn count(mut self, name: &str) -> Self {
            *self.0.entry(name.to_owned()).or_default() += LIMIT;
            self
        }
    }

    fn sum(counter: &Counter) -> u64 {
        counter.0.values().sum()
    }

    macro_rules! count {
        ($counter:expr, $name:expr) => {
            $counter.count($name)
        };
    }

    let counter = NAMES
        .iter()
        .fold(Counter::default(), |counter, name| count!(counter, name));
    Json(sum(&count!(counter, &body)))
}

#[idempotent(scope = body)]
async fn calls_itself(body: String) -> String {
    if body.len() > 3 {
        body
    } else {
        Box::pin(calls_itself(body + "+")).await
    }
}

#[idempotent(scope = body)]
async fn unsafely(mut body: String) -> String {
    // SAFETY: ASCII stays ASCII.
    unsafe { body.as_mut_vec() }.make_ascii_uppercase();
    body
}

#[idempotent(scope = global)]
async fn never() -> StatusCode {
    std::future::pending().await
}

#[idempotent(scope = global)]
async fn diverges() -> StatusCode {
    panic!("not today")
}

#[idempotent(scope = global)]
async fn not_done_yet() -> Result<Json<u64>, StatusCode> {
    todo!()
}

#[idempotent(scope = body)]
async fn shadows_itself(body: String) -> String {
    let shadows_itself = body;
    let body = shadows_itself;
    body
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(early))
        .route("/b", post(early_without_a_value))
        .route("/c", post(loops))
        .route("/d", post(blocks))
        .route("/e", post(items))
        .route("/f", post(calls_itself))
        .route("/g", post(unsafely))
        .route("/h", post(never))
        .route("/i", post(diverges))
        .route("/j", post(not_done_yet))
        .route("/k", post(shadows_itself));
}
