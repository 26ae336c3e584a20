//! actix-web, as the suite sees it.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
pub(crate) use bytes::Bytes;
use idempotent_runtime::{Code, IdempotencyBuilder};

#[path = "answer.rs"]
mod answer;
#[path = "actix/arguments.rs"]
mod arguments;
#[path = "actix/routes.rs"]
mod routes;
#[path = "actix/server.rs"]
mod server;

pub(crate) use actix_web::{HttpResponse as Response, Responder as Respond};
pub(crate) use idempotent_runtime::actix::{
    Attempt, OnReplay, PublishError, Replay, Saved, idempotent,
};
pub(crate) use idempotent_tests::Departures;

pub(crate) use self::answer::{Answer, Asked};
pub(crate) use self::arguments::{Json, Multipart, Path, State};
pub(crate) use self::routes::Routes;
pub(crate) use self::server::{Server, turn};

/// The status by which the framework rejects JSON that isn't what an argument takes.
pub(crate) const UNFIT_JSON: u16 = 400;

/// The status by which the framework rejects a body that isn't called JSON.
pub(crate) const NOT_JSON: u16 = 400;

/// Whether header lines are written in the order in which they were added; or else in the order of a hash map.
pub(crate) const HEADERS_IN_ORDER: bool = false;

/// The template of a route with a parameter that matches any number of segments, without the parameter's name.
pub(crate) const REST: &str = "/rest/{:.*}";

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap();
        let mut response = Self::new(status).set_body(BoxBody::new(answer.body));
        for (name, value) in answer.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            let value = HeaderValue::from_bytes(&value).unwrap();
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.into()
    }
}

impl ResponseError for Answer {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap()
    }

    fn error_response(&self) -> HttpResponse {
        self.clone().into()
    }
}

impl Replay for Answer {}

/// Makes a type a handler's response, or the error of one: the [`Answer`] that the function makes of it.
macro_rules! responds {
    ($ty:ty, $answer:expr) => {
        impl $ty {
            fn answer(&self) -> crate::host::Answer {
                let answer: fn(&$ty) -> crate::host::Answer = $answer;
                answer(self)
            }
        }

        impl std::fmt::Display for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.answer(), f)
            }
        }

        impl actix_web::Responder for $ty {
            type Body = actix_web::body::BoxBody;

            fn respond_to(self, _: &actix_web::HttpRequest) -> crate::host::Response {
                self.answer().into()
            }
        }

        impl actix_web::ResponseError for $ty {
            fn status_code(&self) -> actix_web::http::StatusCode {
                self.answer().status_code()
            }

            fn error_response(&self) -> crate::host::Response {
                self.answer().into()
            }
        }
    };
}

/// Makes a type an argument of handlers that is read from a request's head.
macro_rules! from_head {
    ($ty:ty, $read:expr) => {
        impl actix_web::FromRequest for $ty {
            type Error = actix_web::Error;
            type Future = std::future::Ready<Result<Self, actix_web::Error>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let read: fn(&crate::host::Asked) -> Result<$ty, crate::host::Answer> = $read;
                std::future::ready(read(&crate::host::asked(request)).map_err(Into::into))
            }
        }
    };
}

pub(crate) use {from_head, responds};

pub(crate) fn asked(request: &HttpRequest) -> Asked {
    let headers = request.headers().iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_owned();
        Some((name.as_str().to_owned(), value))
    });
    Asked {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        headers: headers.collect(),
    }
}

/// Writes refusals by this function.
pub(crate) fn envelope(
    builder: IdempotencyBuilder,
    write: impl Fn(Code, &Asked, Option<&str>) -> Answer + Send + Sync + 'static,
) -> IdempotencyBuilder {
    builder.actix_envelope(move |code, request, key| write(code, &asked(request), key))
}

/// A response that is written piece by piece.
pub(crate) fn streamed(pieces: Vec<Vec<u8>>) -> Response {
    let pieces = pieces
        .into_iter()
        .map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    HttpResponse::Ok().streaming(futures_util::stream::iter(pieces))
}

/// Blocks a thread in the way that the framework has for it.
pub(crate) async fn block(blocking: impl FnOnce() + Send + 'static) {
    actix_web::web::block(blocking).await.unwrap();
}
