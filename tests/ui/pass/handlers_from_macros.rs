//! Handlers that `macro_rules!` writes, with any part of them from outside.
#![deny(warnings)]

use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{OnReplay, Saved, idempotent};
use idempotent_runtime::policy::Policy;

const STRICT: Policy = Policy::new();

macro_rules! by_parts {
    ($(#[$attr:meta])* $vis:vis $name:ident, $argument:ident: $body:ty => $ret:ty, $scope:expr, $key:expr, $ttl:literal) => {
        $(#[$attr])*
        #[idempotent(scope = $scope, key = $key, ttl = $ttl)]
        $vis async fn $name($argument: $body) -> $ret {
            $argument.into()
        }
    };
}

by_parts!(
    /// Written in parts.
    #[must_use]
    pub parts, body: String => Box<str>, body.len(), body.as_str(), "1h"
);
by_parts!(header, body: String => String, body, header("X-Key"), "24h");
by_parts!(list, body: String => String, (body, body.len()), [header("X-Key"), query("k"), body], "7d 12h");

macro_rules! result {
    ($name:ident, $ok:ty, $error:ty, $ret:ty) => {
        #[idempotent(scope = global)]
        async fn $name(body: $ok) -> $ret {
            let body: Result<$ok, $error> = Ok(body);
            body
        }
    };
}

result!(typed, String, StatusCode, Result<String, StatusCode>);
result!(of_a_tuple, String, (StatusCode, String), Result<String, (StatusCode, String)>);

macro_rules! policy {
    ($name:ident, $policy:path, $policy_as_expression:expr, $name2:ident, $operation:literal, $decide:expr) => {
        #[idempotent(policy = $policy, scope = global, operation = $operation, on_replay = $decide)]
        async fn $name() {}

        #[idempotent(policy = $policy_as_expression, scope = global)]
        async fn $name2() {}
    };
}

async fn decide(_: Saved) -> OnReplay {
    OnReplay::Replay
}

policy!(
    shared,
    STRICT,
    STRICT,
    shared_as_an_expression,
    "shared",
    decide
);
policy!(
    closure,
    self::STRICT,
    self::STRICT,
    another,
    "closure",
    |saved| async move {
        drop(saved);
        OnReplay::Forget
    }
);

macro_rules! settings {
    ($name:ident($org:ident), $($settings:tt)*) => {
        #[idempotent($($settings)*)]
        async fn $name(Path($org): Path<u64>) -> Json<u64> {
            Json($org)
        }
    };
}

settings!(
    all_options(org),
    scope = org,
    release = [429, 500..=504],
    key_format = any(1..=64),
    missing = unprotected
);
settings!(no_more(org), scope = global);

// rustfmt would move the options further to the right each time.
#[rustfmt::skip]
macro_rules! values {
    ($name:ident, $format:expr, $release:expr, $pending:expr, $fingerprint:expr, $missing:ident, $lease:expr) => {
        #[idempotent(
            scope = global,
            key_format = $format,
            release = $release,
            pending = $pending,
            fingerprint = $fingerprint,
            missing = $missing,
            lease = $lease
        )]
        async fn $name() {}
    };
}

values!(
    values,
    any(1..=64),
    [429, 502..=504],
    wait("1s"),
    fields("/a"),
    unprotected,
    "10s"
);
values!(words, uuid, never, reject, json, reject, "10s");

macro_rules! whole {
    ($handler:item) => {
        $handler
    };
}

whole! {
    #[idempotent(scope = org)]
    async fn item(Extension(org): Extension<String>) -> String {
        org
    }
}

macro_rules! annotated {
    ($handler:item, $scope:ident) => {
        #[idempotent(scope = $scope)]
        $handler
    };
}

annotated!(
    async fn item_within(body: String) -> String {
        body
    },
    body
);

macro_rules! block {
    ($name:ident($($arg:pat => $ty:ty),*) $body:block) => {
        #[idempotent(scope = global)]
        async fn $name($($arg: $ty),*) -> Json<u64> $body
    };
}

block!(from_a_block(Path(_) => Path<u64>, Json(_) => Json<u64>) { Json(7) });

macro_rules! own_names {
    () => {
        #[idempotent(scope = (org, body.len()), key = body)]
        async fn own_names(Extension(org): Extension<u64>, body: String) -> String {
            format!("{org} {body}")
        }
    };
}

own_names!();

fn main() {
    let _: Router = Router::new()
        .route("/a", post(parts))
        .route("/b", post(header))
        .route("/c", post(list))
        .route("/d", post(typed))
        .route("/e", post(of_a_tuple))
        .route("/f", post(shared).put(shared_as_an_expression))
        .route("/g", post(closure).put(another))
        .route("/h/{org}", post(all_options))
        .route("/i/{org}", post(no_more))
        .route("/j", post(values))
        .route("/k", post(words))
        .route("/l", post(item))
        .route("/m", post(item_within))
        .route("/n/{id}", post(from_a_block))
        .route("/o", post(own_names));
}
