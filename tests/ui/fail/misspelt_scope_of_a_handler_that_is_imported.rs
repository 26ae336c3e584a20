//! A handler that another module routes has a misspelt scope.
mod tasks {
    use idempotent_runtime::axum::idempotent;

    #[idempotent(scope = ogr)]
    pub async fn create(org: String) -> String {
        org
    }
}

mod routes {
    use axum::Router;
    use axum::routing::post;

    use super::tasks::create;

    pub fn app() -> Router {
        Router::new().route("/", post(create))
    }
}

fn main() {}
