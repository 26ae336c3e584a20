//! Every visibility, in modules that keep private types private.
#![deny(warnings, unreachable_pub, private_interfaces, private_bounds)]

use axum::Router;
use axum::routing::post;

mod tasks {
    use axum::extract::Extension;
    use idempotent_runtime::axum::idempotent;

    #[derive(Clone)]
    struct Private(u64);

    #[idempotent(scope = org.0)]
    async fn private(Extension(org): Extension<Private>) -> String {
        org.0.to_string()
    }

    pub(crate) mod within {
        use idempotent_runtime::axum::idempotent;

        #[idempotent(scope = global)]
        pub(super) async fn in_super() {}

        #[idempotent(scope = global)]
        pub(in crate::tasks) async fn in_tasks() {}

        #[idempotent(scope = global)]
        pub(crate) async fn in_the_crate() {}

        #[idempotent(scope = global)]
        pub(self) async fn in_here() {}

        pub(crate) fn app() -> axum::Router {
            axum::Router::new().route("/here", axum::routing::post(in_here))
        }
    }

    pub(crate) fn app() -> axum::Router {
        axum::Router::new()
            .route("/private", axum::routing::post(private))
            .route("/super", axum::routing::post(within::in_super))
            .route("/tasks", axum::routing::post(within::in_tasks))
    }
}

fn main() {
    let _: Router = tasks::app()
        .merge(tasks::within::app())
        .route("/crate", post(tasks::within::in_the_crate));
}
