//! Handlers in an `impl` with type parameters, which name those, `Self`, or neither; and constants as the places of keys.
#![deny(warnings)]

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

const KEY: &str = "X-Request-Key";

mod names {
    pub const QUERY: &str = "request_id";
}

trait Repository: Clone + Send + Sync + 'static {
    fn save(&self, text: &str) -> impl Future<Output = usize> + Send;
}

#[derive(Clone)]
struct Memory;

impl Repository for Memory {
    async fn save(&self, text: &str) -> usize {
        text.len()
    }
}

#[derive(Clone)]
struct Tasks<R> {
    repository: R,
}

impl<R: Repository> Tasks<R> {
    #[idempotent(scope = global, key = header(KEY))]
    async fn create(State(tasks): State<Tasks<R>>, body: String) -> (StatusCode, String) {
        let saved = tasks.repository.save(&body).await;
        (StatusCode::CREATED, saved.to_string())
    }

    #[idempotent(scope = global, key = [header(KEY), query(names::QUERY)])]
    async fn through_self(State(tasks): State<Self>, body: String) -> String {
        Self::saved(&tasks, &body).await
    }

    #[idempotent(scope = global)]
    async fn neither(body: String) -> String {
        body
    }

    async fn saved(&self, body: &str) -> String {
        self.repository.save(body).await.to_string()
    }

    fn routes(self) -> Router {
        Router::new()
            .route("/a", post(Self::create))
            .route("/b", post(Self::through_self))
            .route("/c", post(Self::neither))
            .with_state(self)
    }
}

fn main() {
    let _ = Tasks { repository: Memory }.routes();
}
