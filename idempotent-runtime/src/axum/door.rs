//! What axum does for the HTTP core.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio_util::task::TaskTracker;

use super::witness::Reply;
use crate::engine::cancel::Cancel;
use crate::engine::detach::{Detached, send};
use crate::http::call::claim_and_run;
use crate::http::run::{Claiming, HandlerRun};
use crate::http::{Answer, Detaching, Door, Read, Whole};
use crate::idempotency::{Idempotency, IdempotencyBuilder};
use crate::refusal::Code;

/// axum.
#[derive(Debug)]
pub struct Axum;

/// The application's own way to write refusals.
#[derive(Clone)]
struct Envelope(Arc<WriteRefusal>);

type WriteRefusal = dyn Fn(Code, &Parts, Option<&str>) -> Response + Send + Sync;

impl IdempotencyBuilder {
    /// Answers refusals in the application's own envelope instead of problem details, on axum.
    ///
    /// The function is given the code, the head of the request as it came in, and the key that the client sent, where it
    /// sent a valid one. Where it leaves the status at 200, the response gets the one that the endpoint's policy names.
    /// `Retry-After`, and `Link` where there is a [documentation](Self::documentation), are added where it leaves them
    /// out. A handler without any `Idempotency` above it still answers with problem details.
    ///
    /// ```
    /// use axum::Json;
    /// use idempotent_runtime::{Idempotency, MemoryStore};
    /// use serde_json::json;
    ///
    /// let builder = Idempotency::builder(MemoryStore::new())
    ///     .envelope(|code, _parts, key| Json(json!({ "error": { "code": code.as_str(), "key": key } })));
    /// # drop(builder);
    /// ```
    pub fn envelope<F, R>(mut self, envelope: F) -> Self
    where
        F: Fn(Code, &Parts, Option<&str>) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        let write = move |code, parts: &Parts, key: Option<&str>| {
            envelope(code, parts, key).into_response()
        };
        let envelopes = &mut self.settings_mut().http.envelopes;
        envelopes.set(Envelope(Arc::new(write)));
        self
    }
}

/// An envelope, and the head of the request as the client sent it.
pub struct Enveloped {
    envelope: Envelope,
    parts: Box<Parts>,
}

/// What a refusal of this request is written with, where the application has an envelope.
pub(super) fn enveloped(idempotency: &Idempotency, parts: &Parts) -> Option<Enveloped> {
    let envelope = idempotency.settings().http.envelopes.get::<Envelope>()?;
    let mut parts = Box::new(parts.clone());
    if let Some(OriginalUri(uri)) = parts.extensions.get::<OriginalUri>() {
        parts.uri = uri.clone();
    }
    Some(Enveloped {
        envelope: envelope.clone(),
        parts,
    })
}

impl Door for Axum {
    type Response = Response;
    type Envelope = Enveloped;
    type Reading = Reading;
    fn write(answer: &Answer<'_>) -> Response {
        let mut response = Response::new(Body::from(answer.body.clone()));
        Self::set_status(&mut response, answer.status);
        let headers = response.headers_mut();
        for (name, value) in answer.headers.iter() {
            // What was recorded came from a response, so both are valid.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_bytes(value),
            ) {
                headers.append(name, value);
            }
        }
        if let Some((name, value)) = &answer.marker {
            Self::set_header(&mut response, name, value);
        }
        response
    }

    fn write_refusal(envelope: &Enveloped, code: Code, key: Option<&str>) -> Response {
        let Envelope(write) = &envelope.envelope;
        write(code, &envelope.parts, key)
    }

    fn read(response: Response, at_most: usize) -> Reading {
        Reading(Some(Stage::Unpolled(response, at_most)))
    }

    fn without_body(response: Response) -> Response {
        response.map(|_| Body::empty())
    }

    fn status(response: &Response) -> u16 {
        response.status().as_u16()
    }

    fn set_status(response: &mut Response, status: u16) {
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }

    fn each_header<'r>(response: &'r Response, show: &mut dyn FnMut(&'r str, &'r [u8])) {
        for (name, value) in response.headers() {
            show(name.as_str(), value.as_bytes());
        }
    }

    fn set_header(response: &mut Response, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }

    fn has_header(response: &Response, name: &str) -> bool {
        response.headers().contains_key(name)
    }
}

impl Detaching for Axum {
    type Handler = BoxFuture<'static, Reply>;

    fn detach_run(
        running: &TaskTracker,
        cancel: Cancel,
        run: HandlerRun<Self>,
        handler: Self::Handler,
    ) -> Detached<Response> {
        send(running, cancel, run.run(handler))
    }

    fn detach_claim(
        running: &TaskTracker,
        cancel: Cancel,
        claiming: Box<Claiming<Self>>,
        handler: Self::Handler,
    ) -> Detached<Response> {
        let call = claim_and_run(claiming, cancel.clone(), handler);
        // Boxed, so that a task that runs a handler has no room for it.
        send(running, cancel, Box::pin(call))
    }
}

/// A response that is being read.
pub struct Reading(Option<Stage>);

enum Stage {
    Unpolled(Response, usize),
    /// Boxed, because few bodies are anything but one piece that is there already.
    Slow(BoxFuture<'static, Read<Response>>),
}

impl Future for Reading {
    type Output = Read<Response>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Read<Response>> {
        let mut slow = match self.0.take() {
            Some(Stage::Unpolled(response, at_most)) => match read_now(response, at_most) {
                Ok(read) => return Poll::Ready(read),
                Err(slow) => slow,
            },
            Some(Stage::Slow(slow)) => slow,
            None => unreachable!("a future is not polled once it has ended"),
        };
        let polled = slow.poll_unpin(cx);
        if polled.is_pending() {
            self.0 = Some(Stage::Slow(slow));
        }
        polled
    }
}

/// Reads a body of one piece that is there already; any other is to be read on.
fn read_now(
    response: Response,
    at_most: usize,
) -> Result<Read<Response>, BoxFuture<'static, Read<Response>>> {
    let (parts, mut body) = response.into_parts();
    // A stream is polled by the task's own waker alone.
    if body
        .size_hint()
        .exact()
        .is_some_and(|it| it <= at_most as u64)
        && let Some(frame) = body.frame().now_or_never()
    {
        let first = match frame {
            None => Bytes::new(),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(_) => Bytes::new(),
            },
            Some(Err(error)) => {
                return Ok(Read {
                    response: Response::from_parts(parts, body),
                    body: Whole::Broken(error.into()),
                });
            }
        };
        if body.is_end_stream() {
            return Ok(Read {
                response: Response::from_parts(parts, Body::from(first.clone())),
                body: Whole::Kept(first),
            });
        }
        return Err(Box::pin(read_on(parts, first, body, at_most)));
    }
    Err(Box::pin(read_on(parts, Bytes::new(), body, at_most)))
}

/// Reads the rest of a body of which `first` has been read.
async fn read_on(
    parts: http::response::Parts,
    mut first: Bytes,
    mut body: Body,
    at_most: usize,
) -> Read<Response> {
    let mut read = BytesMut::new();
    loop {
        if first.len().max(read.len()) > at_most {
            let body = chain(whole(first, read), body);
            return Read {
                response: Response::from_parts(parts, body),
                body: Whole::TooLarge,
            };
        }
        let data = match body.frame().await {
            None => break,
            Some(Err(error)) => {
                return Read {
                    response: Response::from_parts(parts, body),
                    body: Whole::Broken(error.into()),
                };
            }
            // Trailers are not kept: a recorded outcome has a known length.
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if first.is_empty() {
            first = data;
            continue;
        }
        if read.is_empty() {
            read.extend_from_slice(&first);
        }
        read.extend_from_slice(&data);
    }
    let whole = whole(first, read);
    Read {
        response: Response::from_parts(parts, Body::from(whole.clone())),
        body: Whole::Kept(whole),
    }
}

/// What was read: the first piece, or all of them where there were several.
fn whole(first: Bytes, all: BytesMut) -> Bytes {
    if all.is_empty() { first } else { all.freeze() }
}

fn chain(read: Bytes, rest: Body) -> Body {
    Body::from_stream(stream::once(std::future::ready(Ok(read))).chain(rest.into_data_stream()))
}

impl fmt::Debug for Enveloped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enveloped").finish_non_exhaustive()
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}
