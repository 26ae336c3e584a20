//! Idempotency by hand: what an application writes that has no attribute for it.
//!
//! One extractor, which keeps what a fingerprint needs, and one function around a handler's work. What does not depend on
//! the handler's type is in functions that do not either.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use idempotent_runtime::Disposition;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Record, State, Store, Takeover,
};
use sha2::{Digest, Sha256};

/// The store, as an extension of every request.
#[derive(Clone, Debug)]
pub struct Guard(pub Arc<dyn Store>);

/// What an endpoint asks for.
#[derive(Debug)]
pub struct Options {
    pub header: &'static str,
    pub ttl: Ttl,
    pub lease: Duration,
    pub deadline: Duration,
    pub pending: u16,
    pub mismatch: u16,
    pub release: &'static [u16],
    pub takeover: Takeover,
}

impl Options {
    pub const DEFAULT: Self = Self {
        header: "idempotency-key",
        ttl: Ttl::hours(24),
        lease: Duration::from_secs(30),
        deadline: Duration::from_secs(900),
        pending: 409,
        mismatch: 422,
        release: &[401, 408, 425, 429, 503],
        takeover: Takeover::Abandoned,
    };
}

/// What is known of a request.
#[derive(Debug)]
pub struct Call {
    guard: Guard,
    headers: HeaderMap,
    operation: String,
    fingerprint: [u8; 32],
}

/// The same, and what the handler makes of its body.
#[derive(Debug)]
pub struct Keyed<L>(pub Call, pub L);

impl<S: Sync> FromRequest<S> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        Ok(read(request).await?.0)
    }
}

impl<S: Sync, L: FromRequest<S>> FromRequest<S> for Keyed<L> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (call, request) = read(request).await?;
        match L::from_request(request, state).await {
            Ok(last) => Ok(Self(call, last)),
            Err(rejection) => Err(rejection.into_response()),
        }
    }
}

/// Does a handler's work once for its key and scope, in a task of its own, and answers retries from the record.
pub async fn protect<T: IntoResponse + Send + 'static>(
    call: Call,
    options: &'static Options,
    scope: &[u64],
    work: impl Future<Output = T> + Send + 'static,
) -> Response {
    let ticket = match call.ticket(options, scope) {
        Ok(ticket) => ticket,
        Err(refusal) => return refusal,
    };
    let task = tokio::spawn(async move {
        let held = match ticket.claim().await {
            Ok(held) => held,
            Err(answer) => return Ok(answer),
        };
        let ended = tokio::select! {
            ended = AssertUnwindSafe(work).catch_unwind() => ended.map(IntoResponse::into_response),
            () = tokio::time::sleep(options.deadline) => return Ok(held.abandoned().await),
            never = held.keep_alive() => match never {},
        };
        held.record(ended).await
    });
    match task.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => refusal(409, "outcome unknown"),
    }
}

async fn read(request: Request) -> Result<(Call, Request), Response> {
    let (parts, body) = request.into_parts();
    let Some(guard) = parts.extensions.get::<Guard>().cloned() else {
        return Err(refusal(500, "no store"));
    };
    let Ok(body) = to_bytes(body, 2 * 1024 * 1024).await else {
        return Err(refusal(413, "the body is too large"));
    };
    let route = parts.extensions.get::<MatchedPath>();
    let route = route.map_or(parts.uri.path(), MatchedPath::as_str);
    let call = Call {
        guard,
        headers: parts.headers.clone(),
        operation: format!("{} {route}", parts.method),
        fingerprint: digest(&[
            parts.method.as_str().as_bytes(),
            parts.uri.to_string().as_bytes(),
            &body,
        ]),
    };
    Ok((call, Request::from_parts(parts, Body::from(body))))
}

fn digest(fields: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

fn refusal(status: u16, text: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({ "title": text, "status": status.as_u16() });
    (status, axum::Json(body)).into_response()
}

impl Call {
    fn ticket(self, options: &'static Options, scope: &[u64]) -> Result<Ticket, Response> {
        let mut keys = self.headers.get_all(options.header).iter();
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) if (1..=255).contains(&key.len()) => key,
            (None, _) => return Err(refusal(400, "no idempotency key")),
            _ => return Err(refusal(400, "not an idempotency key")),
        };
        let owner: Vec<u8> = scope.iter().flat_map(|part| part.to_be_bytes()).collect();
        let record = digest(&[&owner, self.operation.as_bytes(), key.as_bytes()]);
        Ok(Ticket {
            store: self.guard.0,
            options,
            record: RecordId::from_bytes(record),
            fingerprint: Fingerprint::from_bytes(self.fingerprint),
        })
    }
}

struct Ticket {
    store: Arc<dyn Store>,
    options: &'static Options,
    record: RecordId,
    fingerprint: Fingerprint,
}

impl Ticket {
    async fn claim(self) -> Result<Held, Response> {
        let attempt = AttemptId::random();
        let lease = self.options.lease;
        let claim = Claim::new(self.record, self.fingerprint, attempt, lease)
            .takeover(self.options.takeover);
        match self.store.claim(claim).await {
            Ok(Claimed::Won(_)) => Ok(Held {
                ticket: self,
                attempt,
            }),
            Ok(Claimed::Found(record)) => Err(self.answer(record)),
            Ok(Claimed::Withdrawn) | Err(_) => Err(refusal(503, "the store is unavailable")),
        }
    }

    fn answer(&self, record: Record) -> Response {
        if record.fingerprint != self.fingerprint {
            return refusal(self.options.mismatch, "another request came under this key");
        }
        match record.state {
            State::Done {
                outcome: Some(outcome),
                ..
            } => replay(&outcome),
            State::Done { .. } => refusal(409, "the outcome was not kept"),
            State::Running {
                abandoned: true, ..
            } => refusal(409, "outcome unknown"),
            State::Running { .. } => refusal(self.options.pending, "still running"),
        }
    }
}

fn replay(outcome: &Outcome) -> Response {
    let mut response = Response::new(Body::from(outcome.body().clone()));
    *response.status_mut() =
        StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in outcome.headers().iter() {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    let replayed = HeaderName::from_static("idempotency-replayed");
    response
        .headers_mut()
        .insert(replayed, HeaderValue::from_static("true"));
    response
}

struct Held {
    ticket: Ticket,
    attempt: AttemptId,
}

impl Held {
    async fn keep_alive(&self) -> Infallible {
        let lease = self.ticket.options.lease;
        loop {
            tokio::time::sleep(lease / 3).await;
            let renewal = self
                .ticket
                .store
                .renew(self.ticket.record, self.attempt, lease);
            if let Ok(Fence::Lost) = renewal.await {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn abandon(&self) {
        let store = &self.ticket.store;
        let _ = store
            .renew(self.ticket.record, self.attempt, Duration::ZERO)
            .await;
    }

    async fn abandoned(&self) -> Response {
        self.abandon().await;
        refusal(409, "outcome unknown")
    }

    async fn record(
        &self,
        ended: Result<Response, Box<dyn Any + Send>>,
    ) -> Result<Response, Box<dyn Any + Send>> {
        let response = match ended {
            Ok(response) => response,
            Err(panic) => {
                self.abandon().await;
                return Err(panic);
            }
        };
        let (parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, 1024 * 1024).await else {
            self.abandon().await;
            return Ok(refusal(500, "the answer is too large"));
        };
        let status = parts.status;
        let fence = if self.ticket.options.release.contains(&status.as_u16()) {
            let store = &self.ticket.store;
            store.release(self.ticket.record, self.attempt).await
        } else {
            let completion = self.completion(status, &parts.headers, bytes.clone());
            let store = &self.ticket.store;
            store
                .complete(self.ticket.record, self.attempt, completion)
                .await
        };
        Ok(match fence {
            Ok(Fence::Lost) => refusal(409, "another attempt has taken over"),
            Ok(Fence::Held) | Err(_) => Response::from_parts(parts, Body::from(bytes)),
        })
    }

    fn completion(&self, status: StatusCode, headers: &HeaderMap, body: Bytes) -> Completion {
        let kept = headers
            .iter()
            .filter(|(name, _)| *name != "set-cookie" && *name != "date")
            .map(|(name, value)| (name.as_str(), value.as_bytes()));
        let outcome = Headers::pack(kept)
            .ok()
            .map(|headers| Outcome::new(status.as_u16(), headers, body));
        let disposition = if status.is_success() || status.is_redirection() {
            Disposition::Completed
        } else {
            Disposition::FailedFinal
        };
        Completion::new(disposition, outcome, self.ticket.options.ttl)
    }
}
