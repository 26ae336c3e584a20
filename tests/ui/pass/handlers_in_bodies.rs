//! Handlers within functions, blocks, constants and other handlers.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

const _: () = {
    #[idempotent(scope = body)]
    async fn in_a_constant(body: String) -> String {
        body
    }

    fn app() -> Router {
        Router::new().route("/", post(in_a_constant))
    }

    let _ = app as fn() -> Router;
};

static APP: fn() -> Router = {
    #[idempotent(scope = global)]
    async fn in_a_static() {}

    || Router::new().route("/", post(in_a_static))
};

trait Routed {
    fn app() -> Router;
}

struct Tasks;

impl Routed for Tasks {
    fn app() -> Router {
        #[idempotent(scope = global)]
        async fn in_a_method() {}

        Router::new().route("/", post(in_a_method))
    }
}

#[idempotent(scope = body)]
async fn outer(body: String) -> String {
    #[idempotent(scope = body)]
    async fn outer(body: String) -> String {
        body
    }

    let _: Router = Router::new().route("/", post(outer));
    body
}

fn generic<T: Send + 'static>() -> Router {
    #[idempotent(scope = global)]
    async fn local(body: String) -> String {
        body
    }

    Router::new().route("/", post(local))
}

fn main() {
    #[idempotent(scope = global)]
    async fn in_main() {}

    let nested: Router = {
        #[idempotent(scope = global)]
        async fn in_main() -> &'static str {
            "another"
        }

        Router::new().route("/b", post(in_main))
    };
    let closure = || {
        #[idempotent(scope = global)]
        async fn in_a_closure() {}

        Router::<()>::new().route("/c", post(in_a_closure))
    };
    let _: Router = Router::new()
        .route("/a", post(in_main))
        .merge(nested)
        .merge(closure());
    let _: Router = Router::new()
        .route("/outer", post(outer))
        .nest("/d", generic::<u8>());
    let _ = (APP(), Tasks::app());
}
