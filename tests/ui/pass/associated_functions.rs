//! Handlers in `impl` blocks and traits, with `Self` in every place, generic ones too.
#![deny(warnings)]

use axum::extract::{Extension, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::{OnReplay, Replay, Saved, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Task {
    title: String,
}

impl IntoResponse for Task {
    fn into_response(self) -> Response {
        self.title.into_response()
    }
}

impl Replay for Task {}

impl<S: Sync> FromRequestParts<S> for Task {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Err(StatusCode::FORBIDDEN)
    }
}

impl Task {
    const LIMIT: usize = 7;

    fn org(&self) -> &str {
        &self.title
    }

    #[idempotent(scope = global)]
    async fn without_self(body: String) -> String {
        body
    }

    #[idempotent(scope = global)]
    async fn returned() -> Result<Self, StatusCode> {
        Err(StatusCode::CONFLICT)
    }

    #[idempotent(scope = body.len())]
    async fn in_the_body(body: String) -> String {
        Self { title: body }.title
    }

    #[idempotent(scope = task.org())]
    async fn as_an_argument(task: Self, Json(Self { title }): Json<Self>) -> (StatusCode, Self) {
        (
            StatusCode::CREATED,
            Self {
                title: title + &task.title,
            },
        )
    }

    #[idempotent(scope = Self::org(task), key = task.title.get(..Self::LIMIT))]
    async fn in_expressions(Extension(task): Extension<Task>) -> String {
        task.title
    }

    #[idempotent(scope = global, on_replay = |saved| async move {
        if saved.json::<Self>().is_ok_and(|task| task.title.len() < Self::LIMIT) { OnReplay::Replay } else { OnReplay::Forget }
    })]
    async fn in_on_replay(body: String) -> Json<Task> {
        Json(Task { title: body })
    }

    #[idempotent(scope = global, response = buffer)]
    async fn buffered(task: Self) -> Response {
        task.into_response()
    }

    #[rustfmt::skip]
    #[idempotent(scope = global)]
    #[clippy::cognitive_complexity = "30"]
    async fn with_attributes_of_tools(body: String) -> String where Self: Sized { let Self { title } = Self { title: body }; title }

    #[idempotent(scope = global)]
    /// Its macros name `Self`.
    async fn in_a_macro(mut body: String) -> String {
        body.push_str(&format!("{}", Self::LIMIT));
        body
    }
}

struct Shop<P>(P);

trait Provider: Clone + Send + Sync + 'static {
    const NAME: &str;

    async fn pay(&self) -> StatusCode;
}

#[derive(Clone)]
struct Bank;

impl Provider for Bank {
    const NAME: &str = "bank";

    async fn pay(&self) -> StatusCode {
        StatusCode::CREATED
    }
}

impl<P: Provider> Shop<P> {
    #[idempotent(scope = global)]
    async fn of_no_type() -> &'static str {
        "shop"
    }

    #[idempotent(scope = (Self::name(), body))]
    async fn named(body: String) -> String {
        Self::name().to_owned() + &body
    }

    #[idempotent(scope = org)]
    async fn pay(State(Self(provider)): State<Self>, Extension(org): Extension<u64>) -> StatusCode {
        provider.pay().await
    }

    #[idempotent(scope = global, on_replay = Self::decide)]
    async fn decided_by_a_function(body: String) -> String {
        body
    }

    #[idempotent(scope = global, on_replay = |_saved| async move { Self::slow().await })]
    async fn decided_by_a_closure() -> StatusCode {
        StatusCode::CREATED
    }

    async fn decide(_: Saved) -> OnReplay {
        Self::slow().await
    }

    async fn slow() -> OnReplay {
        std::future::ready(OnReplay::Replay).await
    }

    fn name() -> &'static str {
        P::NAME
    }
}

/// Nothing says that `S` is `Send` or lives for long, and nothing need before it is routed.
struct Api<S>(S);

impl<S> Api<S> {
    #[idempotent(scope = global, on_replay = Self::decide)]
    async fn decided_by_a_function(body: String) -> String {
        body
    }

    #[idempotent(scope = global, on_replay = |_saved| async move { Self::slow().await })]
    async fn decided_by_a_closure() -> StatusCode {
        StatusCode::CREATED
    }

    async fn decide(_: Saved) -> OnReplay {
        Self::slow().await
    }

    async fn slow() -> OnReplay {
        std::future::ready(OnReplay::Replay).await
    }
}

impl<P: Clone> Clone for Shop<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

trait Tasks: Sized {
    fn title() -> String;

    #[idempotent(scope = global)]
    async fn create(body: String) -> String {
        Self::title() + &body
    }
}

impl Tasks for Task {
    fn title() -> String {
        "task".to_owned()
    }
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(Task::without_self))
        .route("/b", post(Task::returned))
        .route("/c", post(Task::in_the_body))
        .route("/d", post(Task::as_an_argument))
        .route("/e", post(Task::in_expressions))
        .route("/f", post(Task::in_on_replay))
        .route("/g", post(Task::buffered))
        .route("/h", post(Task::in_a_macro))
        .route("/i", post(<Task as Tasks>::create))
        .route("/j", post(Task::with_attributes_of_tools));
    let _: Router<Shop<Bank>> = Router::new()
        .route("/a", post(Shop::<Bank>::of_no_type))
        .route("/b", post(Shop::<Bank>::named))
        .route("/c", post(Shop::<Bank>::pay))
        .route("/d", post(Shop::<Bank>::decided_by_a_function))
        .route("/e", post(Shop::<Bank>::decided_by_a_closure));
    let _: Router = Router::new()
        .route("/a", post(Api::<Task>::decided_by_a_function))
        .route("/b", post(Api::<Task>::decided_by_a_closure));
}
