//! All options at once, in any order, with and without a comma at the end.
#![deny(warnings)]

use axum::Router;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::post;
use idempotent_runtime::axum::{OnReplay, idempotent};
use idempotent_runtime::policy::{Policy, Ttl};

const SHARED: Policy = Policy::new().ttl(Ttl::days(3));

#[idempotent(
    crate = ::idempotent_runtime,
    response = buffer,
    on_replay = |_| async { OnReplay::Replay },
    deadline = "1m 30s",
    lease = "10s",
    abandoned = refuse,
    release = [429, 502..=504],
    pending = reject(425),
    mismatch = reject(409),
    missing = unprotected,
    fingerprint = except("/sent_at"),
    operation = "charge",
    key_format = uuid,
    ttl = "7d 12h",
    scope = (org, 7),
    key = [header("X-Key"), body("/id")],
    policy = SHARED,
)]
async fn all(Extension(org): Extension<u64>, body: String) -> Result<String, StatusCode> {
    if org == 7 {
        Ok(body)
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

#[idempotent(scope = org, ttl = "24h", key = header("X-Idempotency-Key"))]
async fn few(Extension(org): Extension<u64>) {}

#[idempotent { scope = org }]
async fn in_braces(Extension(org): Extension<u64>) {}

#[idempotent[scope = org,]]
async fn in_brackets(Extension(org): Extension<u64>) {}

#[idempotent(scope=org,key=header("K"),ttl="1h",release=[429,500..=504])]
async fn without_spaces(Extension(org): Extension<u64>) {}

#[::idempotent_runtime::axum::idempotent(scope = org)]
async fn by_its_path(Extension(org): Extension<u64>) {}

use idempotent_runtime::axum::idempotent as once;

#[once(scope = org)]
async fn by_another_name(Extension(org): Extension<u64>) {}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(all))
        .route("/b", post(few))
        .route("/c", post(in_braces))
        .route("/d", post(in_brackets))
        .route("/e", post(without_spaces))
        .route("/f", post(by_its_path))
        .route("/g", post(by_another_name));
}
