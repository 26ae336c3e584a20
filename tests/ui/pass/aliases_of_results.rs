//! Results by every name: aliases with one parameter, with none, with a default, of crates and in modules.
#![deny(warnings)]

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;

type ApiResult<T> = Result<T, StatusCode>;
type Created = Result<(StatusCode, Json<u64>), StatusCode>;
type WithDefault<T, E = (StatusCode, String)> = Result<T, E>;
type Reply = Json<u64>;

mod api {
    pub type Result<T, E = super::StatusCode> = ::std::result::Result<T, E>;
}

#[idempotent(scope = global)]
async fn one_parameter(body: String) -> ApiResult<String> {
    Ok(body)
}

#[idempotent(scope = global)]
async fn no_parameter() -> Created {
    Err(StatusCode::CONFLICT)
}

#[idempotent(scope = global)]
async fn a_default(body: String) -> WithDefault<String> {
    Err((StatusCode::CONFLICT, body))
}

#[idempotent(scope = global)]
async fn a_default_overridden(body: String) -> WithDefault<String, StatusCode> {
    Ok(body)
}

#[idempotent(scope = global)]
async fn named_like_it(body: String) -> api::Result<String> {
    Ok(body)
}

#[idempotent(scope = global)]
async fn named_like_it_in_full(body: String) -> api::Result<String, (StatusCode, Json<u64>)> {
    Ok(body)
}

#[idempotent(scope = global)]
async fn no_result() -> Reply {
    Json(7)
}

#[idempotent(scope = global, response = buffer)]
async fn of_axum(body: String) -> axum::response::Result<String> {
    if body.is_empty() {
        return Err(StatusCode::BAD_REQUEST.into());
    }
    Ok(body)
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(one_parameter))
        .route("/b", post(no_parameter))
        .route("/c", post(a_default))
        .route("/d", post(a_default_overridden))
        .route("/e", post(named_like_it))
        .route("/f", post(named_like_it_in_full))
        .route("/g", post(no_result))
        .route("/h", post(of_axum));
}
