//! Lifetimes in the types of arguments: named, elided, anonymous, and `'static`.
#![deny(warnings, elided_lifetimes_in_paths)]

use std::borrow::Cow;

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::idempotent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize, ScopeKey)]
struct Name<'a>(Cow<'a, str>);

#[derive(Clone, Copy)]
struct Config<'a> {
    name: &'a str,
}

#[idempotent(scope = name)]
async fn of_the_whole_program(
    State(Config { name }): State<Config<'static>>,
    Json(body): Json<Cow<'static, str>>,
) -> &'static str {
    drop(body);
    name
}

#[idempotent(scope = name)]
async fn anonymous(
    State(Config { name }): State<Config<'_>>,
    Json(body): Json<Name<'_>>,
) -> String {
    name.to_owned() + &body.0
}

#[idempotent(scope = config.name, key = &body.0)]
async fn named<'a, 'b>(
    State(config): State<Config<'a>>,
    Json(body): Json<Name<'b>>,
) -> (StatusCode, String) {
    (StatusCode::OK, config.name.to_owned() + &body.0)
}

#[idempotent(scope = name)]
async fn elided_in_a_reference(
    State(Config { name }): State<Config<'_>>,
    Extension(text): Extension<&str>,
) -> String {
    format!("{name} {text}")
}

#[idempotent(scope = name.len())]
async fn returned(Json(name): Json<Name<'_>>) -> Json<Name<'_>> {
    Json(name)
}

#[idempotent(scope = name.len(), on_replay = |saved| async move {
    drop((saved, name));
    idempotent_runtime::axum::OnReplay::Replay
})]
async fn returned_by_name<'a>(Json(name): Json<Name<'a>>) -> Result<Json<Name<'a>>, StatusCode> {
    Ok(Json(name))
}

#[idempotent(scope = name)]
async fn borrowed_in_the_body(Path(name): Path<String>) -> String {
    async fn longest<'a>(one: &'a str, other: &'a str) -> &'a str {
        if one.len() > other.len() { one } else { other }
    }

    longest(&name, "none").await.to_owned()
}

impl Name<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[idempotent(scope = name)]
    async fn through_self(
        State(Config { name }): State<Config<'_>>,
        Json(Self(text)): Json<Self>,
    ) -> String {
        name.to_owned() + &text
    }
}

fn main() {
    let _: Router<Config<'static>> = Router::new()
        .route("/a", post(of_the_whole_program))
        .route("/b", post(anonymous))
        .route("/c", post(named))
        .route("/d", post(elided_in_a_reference))
        .route("/e", post(returned))
        .route("/f", post(returned_by_name))
        .route("/g", post(borrowed_in_the_body))
        .route("/h", post(Name::through_self));
}
