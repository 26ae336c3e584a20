//! What is known of a request before its handler runs.

use std::fmt;

use axum::extract::{FromRequestParts as _, MatchedPath, OriginalUri, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};

use super::attempt::Attempt;
use super::key::{HeadKeys, find_in_body, find_in_head, may_hold_fields};
use super::refuse::Refuser;
use super::{body, record};
use crate::engine::{self, Answer, Detach, Entered, Held, Ticket};
use crate::fingerprint::{Body, Fingerprint, RequestLine, parts_of};
use crate::idempotency::Idempotency;
use crate::identity::{AttemptId, Origin, RecordId};
use crate::key::{IdempotencyKey, InvalidKey, Place, agree, parse_key};
use crate::outcome::Outcome;
use crate::policy::{FingerprintOf, KeySource, Mismatch, Missing, Operation, Policy};
use crate::refusal::Code;
use crate::scope::Scope;
use crate::store::Label;

/// One request through an annotated handler.
pub struct Call {
    pub(super) stage: Stage,
    pub(super) scope: Scope,
    /// The texts of the keys that expressions gave, in their order.
    pub(super) arguments: Vec<Option<String>>,
}

/// How far a call is.
pub(super) enum Stage {
    /// The handler runs as if it were not annotated.
    Unprotected(Why),
    /// The request has been read.
    Received(Box<Received>),
    /// The record is this call's.
    Held(Box<Claimed>, Held),
}

/// Why a call is not protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It needs no protection, or did not ask for any.
    NotAsked,
    /// The store could not be reached.
    StoreDown,
}

/// A request that has been read.
pub(super) struct Received {
    pub(super) idempotency: Idempotency,
    pub(super) policy: &'static Policy,
    pub(super) detach: Detach,
    pub(super) refuser: Refuser,
    pub(super) attempt: Attempt,
    head: Head,
    /// The keys that the head had, and whether there are places to look at beside it.
    keys: HeadKeys,
    body: Bytes,
}

/// A request that has a ticket.
pub(super) struct Claimed {
    pub(super) ticket: Ticket,
    pub(super) detach: Detach,
    pub(super) refuser: Refuser,
    pub(super) attempt: Attempt,
}

/// What of the request's head is still needed once its extractors have taken it.
struct Head {
    method: Method,
    /// As the client sent it, before any nested router took its prefix off.
    uri: Uri,
    route: Option<MatchedPath>,
    content_type: Option<String>,
}

/// What is next for a call.
pub(super) enum Step {
    /// Its handler.
    Run,
    Answer(Response),
    /// To be told what the record holds, and who put it there.
    Replay(Box<Claimed>, Outcome, AttemptId),
}

/// Reads a request up to its handler's last argument. `Err` is the answer.
pub(super) async fn receive(
    request: Request,
    policy: &'static Policy,
    idempotency: Option<Idempotency>,
    detach: Detach,
) -> Result<(Call, Request), Response> {
    if is_safe(request.method()) {
        return Ok((Call::new(Stage::Unprotected(Why::NotAsked)), request));
    }
    let Some(idempotency) = idempotency else {
        tracing::error!(
            "a handler with #[idempotent] was called, but no `Idempotency` is installed: add `.layer(Idempotency::new(store))` to its router"
        );
        return Err(Refuser::default().respond(Code::Misconfigured));
    };
    let (mut parts, body) = request.into_parts();
    let mut refuser = Refuser::new(idempotency.settings(), policy, &parts);
    let keys = match find_in_head(&mut parts, policy).await {
        Ok(keys) => keys,
        Err(code) => return Err(refuser.respond(code)),
    };
    if keys.found.is_none() && !keys.more {
        return match policy.missing {
            Missing::Reject => Err(refuser.respond(Code::KeyMissing)),
            Missing::Unprotected => Ok((
                Call::new(Stage::Unprotected(Why::NotAsked)),
                Request::from_parts(parts, body),
            )),
        };
    }
    let attempt = match Attempt::from_request_parts(&mut parts, &()).await {
        Ok(attempt) => attempt,
        Err(never) => match never {},
    };
    if let Some(key) = &keys.found {
        refuser.set_key(key.clone());
    }
    let (request, body) = body::read(Request::from_parts(parts, body), policy.max_body)
        .await
        .map_err(|code| refuser.respond(code))?;
    let head = Head::of(&request);
    let received = Received {
        idempotency,
        policy,
        detach,
        refuser,
        attempt,
        head,
        keys,
        body,
    };
    Ok((Call::new(Stage::Received(Box::new(received))), request))
}

/// RFC 9110, section 9.2.1.
fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

impl Call {
    fn new(stage: Stage) -> Self {
        Self {
            stage,
            scope: Scope::global(),
            arguments: Vec::new(),
        }
    }
}

impl Call {
    /// Claims the record, if that is still to be done.
    pub(super) async fn enter(&mut self) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Unprotected(Why::NotAsked)) {
            Stage::Received(received) => {
                let arguments = std::mem::take(&mut self.arguments);
                match received.claim_by(&self.scope, arguments).await {
                    Ok(Some(claimed)) => self.claim(claimed).await,
                    Ok(None) => Step::Run,
                    Err(answer) => Step::Answer(answer),
                }
            }
            entered => {
                self.stage = entered;
                Step::Run
            }
        }
    }

    /// Claims the record, once more after it was forgotten.
    pub(super) async fn claim(&mut self, claimed: Box<Claimed>) -> Step {
        match engine::enter(&claimed.ticket, &claimed.detach).await {
            Entered::Held(held) => {
                self.stage = Stage::Held(claimed, held);
                Step::Run
            }
            Entered::Unprotected => {
                self.stage = Stage::Unprotected(Why::StoreDown);
                Step::Run
            }
            Entered::Recorded(outcome, attempt) => Step::Replay(claimed, outcome, attempt),
            Entered::Provisional(outcome) => Step::Answer(claimed.replay(&outcome)),
            Entered::Refused(refusal) => Step::Answer(claimed.refuser.respond(refusal)),
        }
    }
}

impl Head {
    fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let uri = extensions
            .get::<OriginalUri>()
            .map_or_else(|| request.uri(), |original| &original.0);
        Self {
            method: request.method().clone(),
            uri: uri.clone(),
            route: extensions.get::<MatchedPath>().cloned(),
            content_type: content_type(request.headers()),
        }
    }

    /// The parts of the operation's name.
    fn operation(&self, operation: Operation) -> [&str; 2] {
        let path = self.uri.path();
        match operation {
            Operation::Route => [
                self.method.as_str(),
                self.route.as_ref().map_or(path, MatchedPath::as_str),
            ],
            Operation::Path => [self.method.as_str(), path],
            // No method is empty, so no name can be taken for one.
            Operation::Named(name) => ["", name],
        }
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::CONTENT_TYPE)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

impl Received {
    /// Makes the ticket by which the request claims; none for a request that needs none. `Err` is the answer.
    async fn claim_by(
        self: Box<Self>,
        scope: &Scope,
        arguments: Vec<Option<String>>,
    ) -> Result<Option<Box<Claimed>>, Response> {
        let key = match self.key(arguments) {
            Ok(Some(key)) => key,
            Ok(None) => {
                return match self.policy.missing {
                    Missing::Reject => Err(self.refuser.respond(Code::KeyMissing)),
                    Missing::Unprotected => Ok(None),
                };
            }
            Err(InvalidKey) => return Err(self.refuser.respond(Code::KeyInvalid)),
        };
        let ticket = self.ticket(scope, &key).await;
        let Self {
            detach,
            mut refuser,
            attempt,
            ..
        } = *self;
        refuser.set_key(key);
        Ok(Some(Box::new(Claimed {
            ticket,
            detach,
            refuser,
            attempt,
        })))
    }

    /// The request's key: the first that is present, if no other differs.
    fn key(&self, arguments: Vec<Option<String>>) -> Result<Option<IdempotencyKey>, InvalidKey> {
        let format = self.policy.key_format;
        let mut key = self.keys.found.clone();
        for place in self.policy.key.places() {
            if let KeySource::Body(place) = place {
                let content_type = self.head.content_type.as_deref();
                if key.is_some() && !may_hold_fields(content_type) {
                    continue;
                }
                let found = find_in_body(content_type, &self.body, place, format)?;
                key = agree(key, found)?;
            }
        }
        for text in arguments.into_iter().flatten() {
            let found = parse_key(text.as_bytes(), format, Place::Elsewhere)?;
            key = agree(key, Some(found))?;
        }
        Ok(key)
    }

    async fn ticket(&self, scope: &Scope, key: &IdempotencyKey) -> Ticket {
        let settings = self.idempotency.settings();
        let secret = settings.secret.as_ref();
        let fingerprint = self.fingerprint().await;
        let [method, name] = self.head.operation(self.policy.operation);
        let label = if method.is_empty() {
            name.to_owned()
        } else {
            format!("{method} {name}")
        };
        let separate = match self.policy.mismatch {
            Mismatch::Reject(_) => None,
            Mismatch::Separate => Some(fingerprint),
        };
        let operation = [
            Some(method.as_bytes()),
            Some(name.as_bytes()),
            separate.as_ref().map(|it| it.as_bytes().as_slice()),
        ];
        let operation: Vec<&[u8]> = operation.into_iter().flatten().collect();
        Ticket {
            idempotency: self.idempotency.clone(),
            policy: self.policy,
            record: RecordId::new(
                secret,
                &settings.namespace,
                Origin::Web,
                scope,
                &operation,
                key.as_str(),
            ),
            fingerprint,
            label: Label::new(settings.namespace.as_str(), label),
        }
    }

    async fn fingerprint(&self) -> Fingerprint {
        let line = RequestLine {
            method: self.head.method.as_str(),
            path: self.head.uri.path(),
            query: self.head.uri.query(),
        };
        let of = self.policy.fingerprint;
        let parts = match &self.head.content_type {
            Some(content_type) if of != FingerprintOf::None && is_multipart(content_type) => {
                parts_of(content_type, self.body.clone()).await
            }
            _ => None,
        };
        let body = parts
            .as_deref()
            .map_or(Body::Bytes(&self.body), Body::Parts);
        Fingerprint::of_request(
            self.idempotency.settings().secret.as_ref(),
            &line,
            &body,
            of,
        )
    }
}

fn is_multipart(content_type: &str) -> bool {
    content_type
        .get(..19)
        .is_some_and(|essence| essence.eq_ignore_ascii_case("multipart/form-data"))
}

impl Claimed {
    /// The response that a recorded outcome makes.
    pub(super) fn replay(&self, outcome: &Outcome) -> Response {
        record::replay(outcome, self.ticket.idempotency.settings())
    }

    /// The response that an attempt's answer makes.
    pub(super) fn respond(&self, answer: Answer<Response>) -> Response {
        match answer {
            Answer::Fresh(response) => response,
            Answer::Unrecorded(mut response) => {
                record::mark_unstored(&mut response);
                response
            }
            Answer::Replayed(outcome) => self.replay(&outcome),
            Answer::Refused(refusal) => self.refuser.respond(refusal),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}
