//! Every type of response that can be replayed.
#![deny(warnings)]

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Display;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, NoContent, Redirect, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use bytes::{Bytes, BytesMut};
use idempotent_runtime::Disposition;
use idempotent_runtime::axum::{Replay, idempotent};
use serde::Serialize;

#[derive(Serialize)]
struct Task<T> {
    title: T,
}

struct ApiError<E>(E);

impl<E: Display> IntoResponse for ApiError<E> {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, self.0.to_string()).into_response()
    }
}

impl<E: Display> Replay for ApiError<E> {
    fn disposition(&self) -> Option<Disposition> {
        Some(Disposition::FailedRetriable)
    }
}

enum Answer {
    Created(u64),
    Refused,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Created(id) => (StatusCode::CREATED, id.to_string()).into_response(),
            Self::Refused => StatusCode::FORBIDDEN.into_response(),
        }
    }
}

impl Replay for Answer {}

macro_rules! replies {
    ($($name:ident: $reply:ty = $value:expr;)*) => {
        $(
            #[idempotent(scope = global)]
            async fn $name() -> $reply {
                $value
            }
        )*

        fn main() {
            let _: Router = Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*;
        }
    };
}

replies! {
    unit: () = ();
    status: StatusCode = StatusCode::OK;
    nothing: NoContent = NoContent;
    redirect: Redirect = Redirect::to("/");
    headers: HeaderMap = HeaderMap::new();
    array_of_headers: [(HeaderName, &'static str); 1] = [(CONTENT_TYPE, "text/plain")];
    appended_headers: AppendHeaders<[(&'static str, &'static str); 2]> = AppendHeaders([("a", "1"), ("a", "2")]);

    string: String = String::new();
    text: &'static str = "";
    boxed_text: Box<str> = "".into();
    borrowed_text: Cow<'static, str> = Cow::Borrowed("");
    bytes: Bytes = Bytes::new();
    bytes_mut: BytesMut = BytesMut::new();
    vector: Vec<u8> = Vec::new();
    slice: &'static [u8] = b"";
    array: [u8; 2] = *b"ab";
    reference_to_an_array: &'static [u8; 2] = b"ab";
    boxed_slice: Box<[u8]> = Box::new([]);
    borrowed_slice: Cow<'static, [u8]> = Cow::Borrowed(b"");
    html: Html<String> = Html(String::new());
    html_text: Html<&'static str> = Html("<p>");
    html_bytes: Html<Bytes> = Html(Bytes::new());
    json: Json<Task<String>> = Json(Task { title: String::new() });
    json_of_a_map: Json<std::collections::BTreeMap<String, Vec<Option<f64>>>> = Json(std::collections::BTreeMap::new());
    json_value: Json<serde_json::Value> = Json(serde_json::json!({"id": 7}));
    form: Form<Task<&'static str>> = Form(Task { title: "" });

    status_and_json: (StatusCode, Json<u64>) = (StatusCode::CREATED, Json(7));
    status_and_nothing: (StatusCode, ()) = (StatusCode::CREATED, ());
    headers_and_text: (HeaderMap, &'static str) = (HeaderMap::new(), "");
    status_headers_and_html: (StatusCode, [(HeaderName, String); 1], Html<String>) =
        (StatusCode::CREATED, [(LOCATION, String::new())], Html(String::new()));
    four_parts: (StatusCode, HeaderMap, [(HeaderName, HeaderValue); 1], AppendHeaders<Vec<(HeaderName, String)>>, String) =
        (StatusCode::OK, HeaderMap::new(), [(LOCATION, HeaderValue::from_static("/"))], AppendHeaders(Vec::new()), String::new());
    six_parts: (HeaderMap, HeaderMap, HeaderMap, HeaderMap, HeaderMap, HeaderMap, ()) =
        (HeaderMap::new(), HeaderMap::new(), HeaderMap::new(), HeaderMap::new(), HeaderMap::new(), HeaderMap::new(), ());
    tuple_in_a_tuple: (StatusCode, (HeaderMap, String)) = (StatusCode::OK, (HeaderMap::new(), String::new()));

    own: Answer = if true { Answer::Created(7) } else { Answer::Refused };
    own_in_a_tuple: (HeaderMap, Answer) = (HeaderMap::new(), Answer::Refused);
    own_generic: ApiError<&'static str> = ApiError("");
    result: Result<Json<u64>, ApiError<String>> = Err(ApiError(String::new()));
    result_of_tuples: Result<(StatusCode, Json<u64>), (StatusCode, String)> = Err((StatusCode::CONFLICT, String::new()));
    result_in_a_result: Result<Result<(), StatusCode>, ApiError<u8>> = Ok(Ok(()));
    result_of_a_rejection: Result<(), JsonRejection> = Ok(());
    result_in_a_tuple: (HeaderMap, Result<String, PathRejection>) = (HeaderMap::new(), Ok(String::new()));
    infallible: Result<String, Infallible> = Ok(String::new());
    by_its_path: std::result::Result<::axum::Json<u64>, ::axum::http::StatusCode> = Ok(Json(7));
}
