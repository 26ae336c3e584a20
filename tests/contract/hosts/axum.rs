//! axum, as the suite sees it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, request};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{any, post, put};
use idempotent_runtime::{Code, Idempotency, IdempotencyBuilder};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tower_http::catch_panic::CatchPanicLayer;

#[path = "answer.rs"]
mod answer;

pub(crate) use axum::Json;
pub(crate) use axum::extract::{Path, State};
pub(crate) use axum::response::{IntoResponse as Respond, Response};
pub(crate) use bytes::Bytes;
pub(crate) use idempotent_runtime::axum::{
    Attempt, OnReplay, PublishError, Replay, Saved, idempotent,
};
pub(crate) use idempotent_tests::Departures;

pub(crate) use self::answer::{Answer, Asked};

/// The status by which the framework rejects JSON that isn't what an argument takes.
pub(crate) const UNFIT_JSON: u16 = 422;

/// The status by which the framework rejects a body that isn't called JSON.
pub(crate) const NOT_JSON: u16 = 415;

/// Whether header lines are written in the order in which they were added; or else in the order of a hash map.
pub(crate) const HEADERS_IN_ORDER: bool = true;

/// The template of a route with a parameter that matches any number of segments, without the parameter's name.
pub(crate) const REST: &str = "/rest/{*}";

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            let value = HeaderValue::from_bytes(&value).unwrap();
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl Replay for Answer {}

/// Makes a type a handler's response: the [`Answer`] that the function makes of it.
macro_rules! responds {
    ($ty:ty, $answer:expr) => {
        impl axum::response::IntoResponse for $ty {
            fn into_response(self) -> crate::host::Response {
                let answer: fn(&$ty) -> crate::host::Answer = $answer;
                answer(&self).into_response()
            }
        }
    };
}

/// Makes a type an argument of handlers that is read from a request's head.
macro_rules! from_head {
    ($ty:ty, $read:expr) => {
        impl<S: Sync> axum::extract::FromRequestParts<S> for $ty {
            type Rejection = crate::host::Answer;

            async fn from_request_parts(
                parts: &mut axum::http::request::Parts,
                _: &S,
            ) -> Result<Self, crate::host::Answer> {
                let read: fn(&crate::host::Asked) -> Result<$ty, crate::host::Answer> = $read;
                read(&crate::host::asked(parts))
            }
        }
    };
}

pub(crate) use {from_head, responds};

pub(crate) fn asked(parts: &request::Parts) -> Asked {
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_owned();
        Some((name.as_str().to_owned(), value))
    });
    Asked {
        method: parts.method.to_string(),
        uri: Uri::to_string(&parts.uri),
        headers: headers.collect(),
    }
}

/// Writes refusals by this function.
pub(crate) fn envelope(
    builder: IdempotencyBuilder,
    write: impl Fn(Code, &Asked, Option<&str>) -> Answer + Send + Sync + 'static,
) -> IdempotencyBuilder {
    builder.envelope(move |code, parts, key| write(code, &asked(parts), key))
}

/// A response that is written piece by piece.
pub(crate) fn streamed(pieces: Vec<Vec<u8>>) -> Response {
    let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
    Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
}

/// The contents of a form's fields, one after the other.
pub(crate) struct Multipart(axum::extract::Multipart);

impl Multipart {
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Answer> {
        let rejected = |error: axum::extract::multipart::MultipartError| {
            Answer::new(error.status().as_u16(), error.body_text())
        };
        match self.0.next_field().await.map_err(rejected)? {
            Some(field) => Ok(Some(field.bytes().await.map_err(rejected)?)),
            None => Ok(None),
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Multipart {
    type Rejection = axum::extract::multipart::MultipartRejection;

    async fn from_request(
        request: axum::extract::Request,
        state: &S,
    ) -> Result<Self, Self::Rejection> {
        let form = axum::extract::Multipart::from_request(request, state).await?;
        Ok(Self(form))
    }
}

/// Blocks the thread in the way that the framework has for it.
pub(crate) async fn block(blocking: impl FnOnce()) {
    tokio::task::block_in_place(blocking);
}

/// Lets everything that is ready have its turn.
pub(crate) async fn turn() {
    tokio::task::yield_now().await;
}

/// The routes of an application, and what is around them. What is added later is around what was added earlier.
pub(crate) struct Routes<S> {
    router: Router<S>,
    state: S,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            router: Router::new(),
            state,
        }
    }

    fn with(self, change: impl FnOnce(Router<S>) -> Router<S>) -> Self {
        Self {
            router: change(self.router),
            state: self.state,
        }
    }

    pub(crate) fn post<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.with(|router| router.route(path, post(handler)))
    }

    pub(crate) fn put<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.with(|router| router.route(path, put(handler)))
    }

    pub(crate) fn any<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.with(|router| router.route(path, any(handler)))
    }

    /// Answers what no route matches.
    pub(crate) fn fallback<H: Handler<T, S>, T: 'static>(self, handler: H) -> Self {
        self.with(|router| router.fallback(handler))
    }

    /// Routes below a path.
    pub(crate) fn nest(self, path: &str, routes: impl FnOnce(Self) -> Self) -> Self {
        let inner = routes(Self::new(self.state.clone())).router;
        self.with(|router| router.nest(path, inner))
    }

    /// Answers panics with a 500.
    pub(crate) fn catch_panics(self) -> Self {
        self.with(|router| router.layer(CatchPanicLayer::new()))
    }

    /// Installs the handle.
    pub(crate) fn protect(self, idempotency: Idempotency) -> Self {
        self.with(|router| router.layer(idempotency))
    }

    /// Gives requests up with a 504, one for each notification: as a timeout does, but when a test says so.
    pub(crate) fn give_up_when(self, told: Arc<Notify>) -> Self {
        let impatient = middleware::from_fn(move |request: axum::extract::Request, next: Next| {
            let told = Arc::clone(&told);
            async move {
                tokio::select! {
                    response = next.run(request) => response,
                    () = told.notified() => StatusCode::GATEWAY_TIMEOUT.into_response(),
                }
            }
        });
        self.with(|router| router.layer(impatient))
    }

    fn app(self) -> Router {
        self.router.with_state(self.state)
    }
}

/// A running server. It stops when this is dropped.
pub(crate) struct Server {
    server: idempotent_tests::Server,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves an application.
    pub(crate) async fn start<S>(routes: Routes<S>) -> Self
    where
        S: Clone + Send + Sync + 'static,
    {
        Self {
            server: idempotent_tests::Server::start(routes.app()).await,
            runtime: None,
        }
    }

    /// Serves an application, and tells of every request whose client has left before its answer.
    pub(crate) async fn start_watched<S>(routes: Routes<S>) -> (Self, Departures)
    where
        S: Clone + Send + Sync + 'static,
    {
        let (server, departures) = idempotent_tests::Server::start_watched(routes.app()).await;
        let server = Self {
            server,
            runtime: None,
        };
        (server, departures)
    }

    /// Serves an application on this many threads of its own.
    pub(crate) fn start_on<S>(threads: usize, routes: Routes<S>) -> Self
    where
        S: Clone + Send + Sync + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        Self {
            server: runtime.block_on(idempotent_tests::Server::start(routes.app())),
            runtime: Some(runtime),
        }
    }

    pub(crate) fn addr(&self) -> std::net::SocketAddr {
        self.server.addr()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
