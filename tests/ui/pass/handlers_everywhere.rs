//! Handlers in a function's body, in an `impl`, from a macro, and named by a raw identifier.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

struct Tasks;

impl Tasks {
    const NAME: &str = "tasks";

    #[idempotent(scope = global, operation = "tasks")]
    async fn create(body: String) -> String {
        Self::NAME.to_owned() + &body
    }
}

macro_rules! handler {
    ($name:ident, $body:ty, $scope:ident) => {
        #[idempotent(scope = $scope)]
        async fn $name($scope: $body) -> Result<$body, axum::http::StatusCode> {
            Ok($scope)
        }
    };
}

handler!(from_a_macro, String, who);

#[idempotent(scope = r#type)]
async fn r#match(r#type: String) -> String {
    r#type
}

fn main() {
    #[idempotent(scope = global)]
    async fn local() {}

    let _: Router = Router::new()
        .route("/a", post(Tasks::create))
        .route("/b", post(r#match))
        .route("/c", post(local));
    let _: Router = Router::new().route("/d", post(from_a_macro));
}
