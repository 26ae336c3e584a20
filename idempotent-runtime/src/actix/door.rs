//! What actix-web does for the HTTP core.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use bytes::{Bytes, BytesMut};
use futures_util::future::{FutureExt as _, LocalBoxFuture, poll_fn};
use tokio_util::task::TaskTracker;

use super::replay::Reply;
use crate::engine::cancel::Cancel;
use crate::engine::detach::{Detached, keep_local};
use crate::http::call::claim_and_run;
use crate::http::run::{Claiming, HandlerRun};
use crate::http::{Answer, Detaching, Door, Read, Whole};
use crate::idempotency::{Idempotency, IdempotencyBuilder};
use crate::refusal::Code;

/// actix-web.
#[derive(Debug)]
pub struct Actix;

/// The application's own way to write refusals.
#[derive(Clone)]
struct Envelope(Arc<WriteRefusal>);

type WriteRefusal = dyn Fn(Code, &HttpRequest, Option<&str>) -> HttpResponse + Send + Sync;

impl IdempotencyBuilder {
    /// Answers refusals in the application's own envelope instead of problem details, on actix-web.
    ///
    /// The function is given the code, the request as it came in, and the key that the client sent, where it sent a valid
    /// one. Where it leaves the status at 200, the response gets the one that the endpoint's policy names. `Retry-After`, and
    /// `Link` where there is a [documentation](Self::documentation), are added where it leaves them out. A handler for which
    /// no `Idempotency` is installed still answers with problem details.
    ///
    /// ```
    /// use actix_web::web::Json;
    /// use idempotent_runtime::{Idempotency, MemoryStore};
    /// use serde_json::json;
    ///
    /// let builder = Idempotency::builder(MemoryStore::new())
    ///     .actix_envelope(|code, _request, key| Json(json!({ "error": { "code": code.as_str(), "key": key } })));
    /// # drop(builder);
    /// ```
    pub fn actix_envelope<F, R>(mut self, envelope: F) -> Self
    where
        F: Fn(Code, &HttpRequest, Option<&str>) -> R + Send + Sync + 'static,
        R: Responder<Body: 'static>,
    {
        let write = move |code, request: &HttpRequest, key: Option<&str>| {
            let response = envelope(code, request, key).respond_to(request);
            response.map_into_boxed_body()
        };
        let envelopes = &mut self.settings_mut().http.envelopes;
        envelopes.set(Envelope(Arc::new(write)));
        self
    }
}

/// An envelope, and the request that it is given.
pub struct Enveloped {
    envelope: Envelope,
    request: HttpRequest,
}

/// What a refusal of this request is written with, where the application has an envelope.
pub(super) fn enveloped(idempotency: &Idempotency, request: &HttpRequest) -> Option<Enveloped> {
    let envelope = idempotency.settings().http.envelopes.get::<Envelope>()?;
    Some(Enveloped {
        envelope: envelope.clone(),
        request: request.clone(),
    })
}

impl Door for Actix {
    type Response = HttpResponse;
    type Envelope = Enveloped;
    type Reading = Reading;
    fn write(answer: &Answer<'_>) -> HttpResponse {
        let mut response =
            HttpResponse::new(StatusCode::OK).set_body(BoxBody::new(answer.body.clone()));
        Self::set_status(&mut response, answer.status);
        for (name, value) in answer.headers.iter() {
            // What was recorded came from a response, so both are valid.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_bytes(value),
            ) {
                response.headers_mut().append(name, value);
            }
        }
        if let Some((name, value)) = &answer.marker {
            Self::set_header(&mut response, name, value);
        }
        response
    }

    fn write_refusal(envelope: &Enveloped, code: Code, key: Option<&str>) -> HttpResponse {
        let Envelope(write) = &envelope.envelope;
        write(code, &envelope.request, key)
    }

    fn read(response: HttpResponse, at_most: usize) -> Reading {
        Reading(read(response, at_most).boxed_local())
    }

    fn without_body(response: HttpResponse) -> HttpResponse {
        response.set_body(BoxBody::new(()))
    }

    fn status(response: &HttpResponse) -> u16 {
        response.status().as_u16()
    }

    fn set_status(response: &mut HttpResponse, status: u16) {
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }

    fn each_header<'r>(response: &'r HttpResponse, show: &mut dyn FnMut(&'r str, &'r [u8])) {
        for (name, value) in response.headers() {
            show(name.as_str(), value.as_bytes());
        }
    }

    fn set_header(response: &mut HttpResponse, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }

    fn has_header(response: &HttpResponse, name: &str) -> bool {
        response.headers().contains_key(name)
    }
}

impl Detaching for Actix {
    type Handler = LocalBoxFuture<'static, Reply>;

    fn detach_run(
        running: &TaskTracker,
        cancel: Cancel,
        run: HandlerRun<Self>,
        handler: Self::Handler,
    ) -> Detached<HttpResponse> {
        keep_local(running, cancel, run.run(handler))
    }

    fn detach_claim(
        running: &TaskTracker,
        cancel: Cancel,
        claiming: Box<Claiming<Self>>,
        handler: Self::Handler,
    ) -> Detached<HttpResponse> {
        let call = claim_and_run(claiming, cancel.clone(), handler);
        // Boxed, so that a task that runs a handler has no room for it.
        keep_local(running, cancel, Box::pin(call))
    }
}

/// A response that is being read.
pub struct Reading(LocalBoxFuture<'static, Read<HttpResponse>>);

impl Future for Reading {
    type Output = Read<HttpResponse>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Read<HttpResponse>> {
        self.0.as_mut().poll(cx)
    }
}

async fn read(response: HttpResponse, at_most: usize) -> Read<HttpResponse> {
    let (response, body) = response.into_parts();
    let mut body = match body.try_into_bytes() {
        Ok(bytes) => {
            let kept = if bytes.len() > at_most {
                Whole::TooLarge
            } else {
                Whole::Kept(bytes.clone())
            };
            return Read {
                response: response.set_body(BoxBody::new(bytes)),
                body: kept,
            };
        }
        Err(body) => body,
    };
    let mut read = BytesMut::new();
    loop {
        match poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            None => break,
            Some(Err(error)) => {
                return Read {
                    response: response.set_body(BoxBody::new(())),
                    body: Whole::Broken(error),
                };
            }
            Some(Ok(piece)) => read.extend_from_slice(&piece),
        }
        if read.len() > at_most {
            let whole = Chained {
                size: body.size(),
                read: Some(read.freeze()),
                rest: body,
            };
            return Read {
                response: response.set_body(BoxBody::new(whole)),
                body: Whole::TooLarge,
            };
        }
    }
    let whole = read.freeze();
    Read {
        response: response.set_body(BoxBody::new(whole.clone())),
        body: Whole::Kept(whole),
    }
}

/// What was read of a body, and the rest behind it.
struct Chained {
    size: BodySize,
    read: Option<Bytes>,
    rest: BoxBody,
}

impl MessageBody for Chained {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(read) = self.read.take() {
            return Poll::Ready(Some(Ok(read)));
        }
        Pin::new(&mut self.rest).poll_next(cx)
    }
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
