//! Every place that a key can come from, alone and in lists, and every format.
#![deny(warnings)]

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Extension, Query};
use axum::http::{HeaderMap, Uri};
use axum::routing::post;
use axum::{Json, Router};
use idempotent_runtime::axum::idempotent;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize)]
struct Event {
    #[serde(skip)]
    id: Uuid,
    number: u64,
    name: Option<String>,
    source: Cow<'static, str>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    tags: Vec<String>,
}

macro_rules! in_the_request {
    ($body:ident; $($name:ident $key:expr;)*) => {
        $(
            #[idempotent(scope = global, key = $key)]
            async fn $name($body: String) -> String {
                $body
            }
        )*

        fn requests() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }
    };
}

in_the_request! {
    body;
    by_header header("X-Idempotency-Key");
    by_every_letter_of_a_header header("!#$%&'*+-.^_`|~0aZ");
    by_field body("idempotency_key");
    by_field_in_another_language body("clé");
    by_pointer body("/meta/0/id");
    by_pointer_with_escapes body("/a~1b/c~0d");
    by_pointer_to_no_name body("/");
    by_query query("key");
    by_path path("id");
    by_text_of_the_body body;
    by_method body.trim();
    by_one_in_a_list [header("Idempotency-Key")];
    by_several [header("Idempotency-Key"), header("X-Idempotency-Key"), query("key"), path("id"), body("/id"), body.as_str()];
}

macro_rules! of_the_event {
    ($event:ident; $($name:ident $key:expr;)*) => {
        $(
            #[idempotent(scope = global, key = $key)]
            async fn $name(Json($event): Json<Event>) {
                drop($event);
            }
        )*

        fn events() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }
    };
}

of_the_event! {
    event;
    uuid event.id;
    number event.number;
    next event.number + 1;
    cast event.number as i64;
    option event.name;
    cow event.source;
    reference &event.id;
    option_of_a_reference event.name.as_deref();
    found event.meta.as_ref().and_then(|meta| meta.tags.first());
    formatted format!("{}-{}", event.id, event.number);
    chosen if event.number > 0 { Some(event.number) } else { None };
    matched match &event.name { Some(name) => name.as_str(), None => "unnamed" };
    block { let name = &event.name; name.clone() };
    arc Arc::<str>::from(event.source.as_ref());
    listed [event.id, event.name];
}

fn text(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    headers.get(uri.path()).map(|value| format!("{value:?}"))
}

#[idempotent(scope = id, key = text(headers, uri))]
async fn called(headers: HeaderMap, uri: Uri, Query(id): Query<String>) -> String {
    id
}

macro_rules! of_a_format {
    ($($name:ident $format:expr;)*) => {
        $(
            #[idempotent(scope = org, key_format = $format)]
            async fn $name(Extension(org): Extension<u64>) {}
        )*

        fn formats() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }
    };
}

of_a_format! {
    any any(1..=255);
    any_of_one_length any(36..=36);
    any_at_all any(1..=65535);
    ascii ascii(16..=128);
    uuid_alone uuid;
    quoted quoted;
}

#[idempotent(scope = global, key = [header("A"), header("B")], key_format = quoted)]
async fn quoted_in_two_headers() {}

fn main() {
    let _: Router = requests()
        .merge(events())
        .merge(formats())
        .route("/called", post(called))
        .route("/quoted_in_two_headers", post(quoted_in_two_headers));
}
