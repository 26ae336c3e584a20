//! A handler that calls other handlers in the name of its own request. On actix-web a handler has no way to do so: an
//! application is no service that a handler could call.

use axum::extract::{Path, Request};
use axum::http::Extensions;
use axum::routing::post;
use axum::{Extension, Json, Router};
use idempotent_runtime::axum::{Attempt, idempotent};
use idempotent_runtime::{Idempotency, MemoryStore};
use idempotent_tests::{Client, Server, bounded};
use tower::ServiceExt as _;

#[idempotent(scope = global)]
async fn charge(attempt: Attempt, Path(_number): Path<u32>) -> String {
    attempt.derive("charge")
}

/// Forwards with all its own extensions, its attempt among them.
#[idempotent(scope = global)]
async fn batch(
    attempt: Attempt,
    Extension(inner): Extension<Router>,
    Carried(extensions): Carried,
) -> Json<Vec<String>> {
    let mut keys = vec![attempt.derive("charge")];
    for number in 0..2 {
        let mut request = Request::post(format!("/charges/{number}"))
            .header("idempotency-key", format!("charge-{number}"))
            .body(axum::body::Body::empty())
            .unwrap();
        *request.extensions_mut() = extensions.clone();
        let response = inner.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1024)
            .await
            .unwrap();
        keys.push(String::from_utf8(body.to_vec()).unwrap());
    }
    keys.push(attempt.derive("charge"));
    Json(keys)
}

/// The extensions of a request.
struct Carried(Extensions);

impl<S: Sync> axum::extract::FromRequestParts<S> for Carried {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.clone()))
    }
}

#[tokio::test]
async fn each_of_several_handlers_of_one_request_has_an_attempt_of_its_own() {
    bounded(async {
        let idempotency = Idempotency::new(MemoryStore::new());
        let inner: Router = Router::new()
            .route("/charges/{number}", post(charge))
            .layer(idempotency.clone());
        let app = Router::new()
            .route("/batch", post(batch))
            .layer(Extension(inner))
            .layer(idempotency);
        let server = Server::start(app).await;
        let reply = Client::new(&server).post_key("/batch", "k").await;
        let keys: Vec<String> = serde_json::from_slice(&reply.body).unwrap();
        let [outer, first, second, outer_again] = keys.try_into().unwrap();
        assert_eq!(outer, outer_again);
        assert!(
            outer != first && first != second && second != outer,
            "{outer} {first} {second}"
        );
    })
    .await;
}
