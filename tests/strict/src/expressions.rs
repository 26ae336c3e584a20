//! Scopes, keys and settings of every kind.

use axum::extract::Extension;
use axum::http::HeaderMap;
use axum::{Json, Router, routing};
use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::Ttl;
use serde::Deserialize;

/// A policy that endpoints share.
pub const SHARED: Policy = Policy::new().ttl(Ttl::days(7));

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Whose.
    org: u64,
    /// Which.
    id: u64,
    /// Called.
    name: String,
    /// Allowed.
    limits: [u32; 3],
}

/// An event.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Its id.
    id: String,
    /// Its number.
    number: Option<u64>,
}

/// Names fields.
#[idempotent(scope = (user.org, user.id), key = event.id)]
pub async fn fields(Extension(user): Extension<User>, Json(event): Json<Event>) -> String {
    [user.name, event.id].concat()
}

/// Calls.
#[idempotent(scope = (owner(user), user.name.trim(), format!("{}/{user:?}", user.id)), key = text(headers))]
pub async fn calls(Extension(user): Extension<User>, headers: HeaderMap) -> String {
    user.name
}

/// Calculates.
#[idempotent(scope = (user.org.wrapping_add(1), u128::from(user.id), user.limits[0], !user.id, &user.name))]
pub async fn calculates(Extension(user): Extension<User>) -> String {
    user.name
}

/// Chooses.
#[idempotent(
    scope = if user.id > 0 { user.name.as_str() } else { "nobody" },
    key = event.number.map_or_else(|| event.id.clone(), |number| number.to_string())
)]
pub async fn chooses(Extension(user): Extension<User>, Json(event): Json<Event>) -> String {
    event.id
}

/// Looks in several places.
#[idempotent(key = [header("Idempotency-Key"), body("/id"), query("key"), path("id"), event.id], scope = user.org)]
pub async fn looks(Extension(user): Extension<User>, Json(event): Json<Event>) -> String {
    event.id
}

/// Shares a policy.
#[idempotent(policy = SHARED, scope = global)]
pub async fn shares(body: String) -> String {
    body
}

/// Shares a policy but for what it sets.
#[idempotent(policy = SHARED, scope = global, ttl = forever, release = never)]
pub async fn shares_partly(body: String) -> String {
    body
}

/// Sets everything.
#[idempotent(
    key = header("X-Key"),
    scope = user.org,
    ttl = "7d 12h",
    key_format = ascii(16..=128),
    operation = "charge",
    fingerprint = fields("/amount", "/currency"),
    missing = unprotected,
    mismatch = reject(409),
    pending = wait("5s"),
    release = [429, 502..=504],
    abandoned = refuse,
    lease = "10s",
    deadline = "1m"
)]
pub async fn sets(Extension(user): Extension<User>) -> String {
    user.name
}

/// Whose.
const fn owner(user: &User) -> u64 {
    user.org
}

/// Which.
fn text(headers: &HeaderMap) -> Option<String> {
    headers.keys().next().map(ToString::to_string)
}

/// Routes to them.
pub fn app() -> Router {
    Router::new()
        .route("/a", routing::post(fields))
        .route("/b", routing::post(calls))
        .route("/c", routing::post(calculates))
        .route("/d", routing::post(chooses))
        .route("/e", routing::post(looks))
        .route("/f", routing::post(shares))
        .route("/g", routing::post(shares_partly))
        .route("/h", routing::post(sets))
}
