//! What is known of a request before its handler runs.

use std::sync::Arc;

use std::fmt;

use axum::extract::{FromRequestParts as _, MatchedPath, OriginalUri, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};

use super::attempt::Attempt;
use super::key::{HeadKeys, find_in_body, find_in_head, may_hold_fields};
use super::refuse::Refuser;
use super::{body, record};
use crate::digest::Secret;
use crate::engine::{self, Answer, Detach, Ended, Entered, Held, Identity, Ticket};
use crate::fingerprint::{Body, Fingerprint, Malformed, Part, RequestLine, parts_of};
use crate::idempotency::Idempotency;
use crate::identity::{AttemptId, Origin};
use crate::key::{IdempotencyKey, InvalidKey, Place, agree, parse_key};
use crate::operation::OperationName;
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
    /// Whether its body says that it is a multipart form, and cannot be read as one.
    pub(super) malformed: bool,
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
    if idempotency.is_disabled() {
        return Ok((Call::new(Stage::Unprotected(Why::NotAsked)), request));
    }
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
    pub(super) async fn claim(&mut self, mut claimed: Box<Claimed>) -> Step {
        let Claimed { ticket, detach, .. } = &mut *claimed;
        match engine::enter_under_any_secret(ticket, detach).await {
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

    /// The operation's name.
    fn operation(&self, operation: Operation) -> OperationName<'_> {
        let template = self.route.as_ref().map(MatchedPath::as_str);
        OperationName::of(operation, self.method.as_str(), template, self.uri.path())
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
        let (ticket, malformed) = self.ticket(scope, &key).await;
        let Self {
            detach,
            mut refuser,
            attempt,
            ..
        } = *self;
        refuser.set_key(key);
        Ok(Some(Box::new(Claimed {
            ticket,
            malformed,
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

    async fn ticket(&self, scope: &Scope, key: &IdempotencyKey) -> (Ticket, bool) {
        let settings = self.idempotency.settings();
        let operation = self.head.operation(self.policy.operation);
        let form = self.form().await;
        let identify = |(index, secret): (usize, Option<&Secret>)| {
            let fingerprint = self.fingerprint(secret, &form);
            let separate = (self.policy.mismatch == Mismatch::Separate).then_some(&fingerprint);
            let namespace = &settings.namespace;
            let record = operation.record(
                secret,
                namespace,
                Origin::Web,
                scope,
                key.as_str(),
                separate,
            );
            Identity {
                record,
                fingerprint,
                secret: index,
            }
        };
        let mut identities = settings.secrets.all().enumerate().map(identify);
        let Some(current) = identities.next() else {
            unreachable!("to have no secret is one identity too")
        };
        let ticket = Ticket {
            idempotency: self.idempotency.clone(),
            policy: self.policy,
            record: current.record,
            fingerprint: current.fingerprint,
            secret: current.secret,
            others: identities.collect(),
            label: Label::new(Arc::clone(&settings.namespace), operation.text()),
        };
        (ticket, matches!(form, Form::Malformed))
    }

    /// The body as a multipart form.
    async fn form(&self) -> Form {
        let of = self.policy.fingerprint;
        match &self.head.content_type {
            Some(content_type) if is_multipart(content_type) => {
                match parts_of(content_type, self.body.clone()).await {
                    Ok(Some(parts)) if of != FingerprintOf::None => Form::Parts(parts),
                    Ok(_) => Form::No,
                    Err(Malformed) => Form::Malformed,
                }
            }
            _ => Form::No,
        }
    }

    fn fingerprint(&self, secret: Option<&Secret>, form: &Form) -> Fingerprint {
        let line = RequestLine {
            method: self.head.method.as_str(),
            path: self.head.uri.path(),
            query: self.head.uri.query(),
        };
        let body = match form {
            Form::Parts(parts) => Body::Parts(parts),
            Form::No | Form::Malformed => Body::Bytes(&self.body),
        };
        Fingerprint::of_request(secret, &line, &body, self.policy.fingerprint)
    }
}

/// What a body is as a multipart form.
enum Form {
    /// It isn't one, or nobody asks.
    No,
    Parts(Vec<Part>),
    /// It says that it is one, and cannot be read as one.
    Malformed,
}

fn is_multipart(content_type: &str) -> bool {
    content_type
        .get(..19)
        .is_some_and(|essence| essence.eq_ignore_ascii_case("multipart/form-data"))
}

impl Claimed {
    /// Whether the handler found out that the body is not the form that it says it is, and turned it away. A multipart form
    /// is read by the handler, not by its extractor, so this is the rejection of a bad body.
    pub(super) fn is_rejected_by(&self, ended: &Ended<Response>) -> bool {
        self.malformed && ended.declared.is_none() && (400..500).contains(&ended.status)
    }

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
