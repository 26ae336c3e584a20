//! Lint levels, `#[deprecated]` and `#[must_use]`, which stay where callers see them, and `#[expect]`, which is met once.
#![deny(warnings)]

use axum::Router;
use axum::http::Method;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[allow(unused_mut)]
#[idempotent(scope = global)]
async fn allowed(mut body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[allow(unused_variables, unreachable_code)]
async fn allowed_below(body: String) -> String {
    return String::new();
    String::new()
}

#[expect(unused_variables, reason = "it is there for its extractor")]
#[idempotent(scope = global)]
async fn expected(method: Method, body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[expect(unused_variables, unused_mut)]
async fn expected_below(mut method: Method, body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[expect(dead_code)]
async fn never_routed() {}

#[expect(dead_code)]
#[idempotent(scope = global)]
async fn never_routed_either() {}

#[deny(unused)]
#[idempotent(scope = global)]
#[warn(clippy::all)]
#[forbid(unreachable_code)]
async fn denied(body: String) -> String {
    body
}

#[deprecated(note = "use `denied`")]
#[idempotent(scope = global)]
async fn old(body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[deprecated]
#[must_use]
async fn older(body: String) -> String {
    body
}

#[idempotent(scope = global)]
#[must_use = "route it"]
#[inline]
#[cold]
async fn used(body: String) -> String {
    body
}

fn main() {
    #[allow(deprecated)]
    let _: Router = Router::new()
        .route("/a", post(old))
        .route("/b", post(older));
    let _: Router = Router::new()
        .route("/c", post(allowed))
        .route("/d", post(allowed_below))
        .route("/e", post(expected))
        .route("/f", post(expected_below))
        .route("/g", post(denied))
        .route("/h", post(used));
}
