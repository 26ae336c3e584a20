//! Lint levels on single arguments and on parts of their patterns.
#![deny(warnings)]

use axum::extract::{Extension, State};
use axum::http::Method;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

#[derive(Clone)]
struct App {
    org: u64,
    name: String,
}

#[idempotent(scope = org)]
async fn handler(
    #[allow(unused_variables)] method: Method,
    #[expect(unused_variables)] State(App { org: number, name }): State<App>,
    #[allow(unused_mut)] Extension(mut org): Extension<u64>,
    #[deny(unused_variables)]
    #[warn(unused_mut)]
    Json(body): Json<String>,
) -> String {
    format!("{org} {body}")
}

#[idempotent(scope = name)]
async fn within_a_pattern(
    State(App {
        #[allow(unused_variables)]
        org,
        name,
        ..
    }): State<App>,
) -> String {
    name
}

struct Tasks;

impl Tasks {
    #[idempotent(scope = org)]
    async fn in_a_closure(
        #[allow(unused_variables)] method: Method,
        #[allow(unused_mut)] Extension(mut org): Extension<u64>,
    ) -> String {
        let Self = Self;
        org.to_string()
    }
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/a", post(handler))
        .route("/b", post(within_a_pattern))
        .route("/c", post(Tasks::in_a_closure));
}
