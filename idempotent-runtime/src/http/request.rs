//! A request on its way to its claim.

use bytes::Bytes;

use super::content_type::{is_multipart_form, may_hold_fields};
use super::head::is_safe;
use super::keys::{HeadKeys, find_in_body, find_in_head};
use super::run::Claiming;
use super::{Door, Head, Refuser};
use crate::attempt::Attempt;
use crate::engine::ClaimRequest;
use crate::fingerprint::{Body, Fingerprint, Malformed, Part, RequestLine, parts_of};
use crate::idempotency::{Fingerprints, Found, Idempotency};
use crate::identity::Origin;
use crate::key::{IdempotencyKey, InvalidKey, KeyArgument, Place, agree, parse_key};
use crate::operation::OperationName;
use crate::policy::{FingerprintOf, KeySource, Missing, Policy};
use crate::refusal::Code;
use crate::scope::{Scope, ScopeKey};

/// What becomes of a request whose head has come.
pub(crate) enum Received<D: Door> {
    /// The handler runs as if it were not annotated.
    Unprotected,
    Refused(D::Response),
    /// Its body is to be read.
    Reading(Reading<D>),
}

/// Looks at a request's head. `envelope` makes what a refusal is written with, where the application has an envelope.
pub(crate) fn receive<D: Door>(
    head: &impl Head,
    policy: &'static Policy,
    idempotency: Option<&Idempotency>,
    envelope: impl FnOnce(&Idempotency) -> Option<D::Envelope>,
    installing: &str,
) -> Received<D> {
    if is_safe(head.method()) {
        return Received::Unprotected;
    }
    let Some(idempotency) = idempotency else {
        tracing::error!(
            "a handler with #[idempotent] was called, but no `Idempotency` is installed: {installing}"
        );
        let refuser = Refuser::<D>::without_handle();
        return Received::Refused(refuser.respond(Code::Misconfigured));
    };
    if idempotency.is_disabled() {
        return Received::Unprotected;
    }
    let mut refuser = Refuser::new(idempotency.clone(), policy, envelope(idempotency));
    let keys = match find_in_head(head, policy) {
        Ok(keys) => keys,
        Err(code) => return Received::Refused(refuser.respond(code)),
    };
    match &keys.found {
        Some(key) => refuser.set_key(key),
        None if keys.more => {}
        None => {
            return match policy.missing {
                Missing::Reject => Received::Refused(refuser.respond(Code::KeyMissing)),
                Missing::Unprotected => Received::Unprotected,
            };
        }
    }
    Received::Reading(Reading {
        idempotency: idempotency.clone(),
        policy,
        refuser,
        keys,
    })
}

/// A request that has a key, or may have one in its body or its arguments.
pub(crate) struct Reading<D: Door> {
    idempotency: Idempotency,
    policy: &'static Policy,
    refuser: Refuser<D>,
    keys: HeadKeys,
}

impl<D: Door> Reading<D> {
    /// The answer to a body that could not be read.
    pub(crate) fn refuse(&self, code: Code) -> D::Response {
        self.refuser.respond(code)
    }

    /// Takes the body. From here on the request itself isn't needed any more.
    pub(crate) async fn read(
        self,
        head: &impl Head,
        body: Bytes,
        attempt: Attempt,
    ) -> Box<Claimable<D>> {
        let content_type = head.content_type();
        let form = if is_multipart_form(content_type) {
            let of = self.policy.fingerprint;
            // Boxed, because few requests are forms and every request would have room for it.
            Box::pin(form(content_type.unwrap_or_default(), &body, of)).await
        } else {
            Form::No
        };
        let line = RequestLine {
            method: head.method(),
            path: head.path(),
            query: head.query(),
        };
        let hashed = match &form {
            Form::Parts(parts) => Body::Parts(parts),
            Form::No | Form::Malformed => Body::Bytes(&body),
        };
        let fingerprints = self.idempotency.fingerprints(|secret| {
            Fingerprint::of_request(secret, &line, &hashed, self.policy.fingerprint)
        });
        let path = head.path();
        let operation =
            OperationName::of(self.policy.operation, head.method(), head.template(), path);
        let body_keys = self.body_keys(content_type, body);
        Box::new(Claimable {
            fingerprints,
            operation: operation.into_owned(),
            malformed: matches!(form, Form::Malformed),
            body_keys,
            found: self.keys.found,
            scope: Scope::global(),
            arguments: Vec::new(),
            attempt,
            idempotency: self.idempotency,
            policy: self.policy,
            refuser: self.refuser,
        })
    }

    /// What is needed to look for keys in the body once the arguments have been extracted; a rejected argument is told before
    /// anything is said of such a key.
    fn body_keys(&self, content_type: Option<&str>, body: Bytes) -> Option<BodyKeys> {
        let is_in_body = |place: &KeySource| matches!(place, KeySource::Body(_));
        let looks = self.keys.more && self.policy.key.places().iter().any(is_in_body);
        looks.then(|| BodyKeys {
            content_type: content_type.map(str::to_owned),
            body,
        })
    }
}

/// A body in which keys may be.
struct BodyKeys {
    content_type: Option<String>,
    body: Bytes,
}

/// What a body is as a multipart form.
enum Form {
    /// It isn't one, or nobody asks.
    No,
    Parts(Vec<Part>),
    /// It says that it is one, and cannot be read as one.
    Malformed,
}

async fn form(content_type: &str, body: &Bytes, of: FingerprintOf) -> Form {
    match parts_of(content_type, body.clone()).await {
        Ok(Some(parts)) if of != FingerprintOf::None => Form::Parts(parts),
        Ok(_) => Form::No,
        Err(Malformed) => Form::Malformed,
    }
}

/// A request that has been read, and whose arguments are there.
pub struct Claimable<D: Door> {
    idempotency: Idempotency,
    policy: &'static Policy,
    refuser: Refuser<D>,
    attempt: Attempt,
    fingerprints: Fingerprints,
    operation: OperationName<'static>,
    /// Whether the body says that it is a multipart form, and cannot be read as one.
    malformed: bool,
    found: Option<IdempotencyKey>,
    body_keys: Option<BodyKeys>,
    scope: Scope,
    /// The texts of the keys that expressions gave, in their order.
    arguments: Vec<Option<String>>,
}

impl<D: Door> Claimable<D> {
    /// Adds a part to its scope.
    pub(crate) fn push_scope<K: ScopeKey + ?Sized>(&mut self, part: &K) {
        self.scope.push(part);
    }

    /// Tells it a key that an expression gives.
    pub(crate) fn push_key<K: KeyArgument + ?Sized>(&mut self, key: &K) {
        self.arguments.push(key.key_text());
    }

    /// Makes what it claims; `None` where it turns out to need no protection. `Err` is the answer.
    #[allow(clippy::boxed_local, reason = "it is in a box already")]
    pub(crate) fn claiming(mut self: Box<Self>) -> Result<Option<Box<Claiming<D>>>, D::Response> {
        let key = match self.key() {
            Ok(Some(key)) => key,
            Ok(None) => {
                return match self.policy.missing {
                    Missing::Reject => Err(self.refuser.respond(Code::KeyMissing)),
                    Missing::Unprotected => Ok(None),
                };
            }
            Err(InvalidKey) => return Err(self.refuser.respond(Code::KeyInvalid)),
        };
        let request = self.claim_request(&key);
        self.refuser.set_key(&key);
        Ok(Some(Box::new(Claiming {
            request,
            malformed: self.malformed,
            idempotency: self.idempotency,
            refuser: self.refuser,
            attempt: self.attempt,
        })))
    }

    /// The request's key: the first that is present, if no other differs.
    fn key(&mut self) -> Result<Option<IdempotencyKey>, InvalidKey> {
        let format = self.policy.key_format;
        let mut key = self.found.take();
        if let Some(BodyKeys { content_type, body }) = &self.body_keys {
            let content_type = content_type.as_deref();
            for place in self.policy.key.places() {
                let KeySource::Body(place) = place else {
                    continue;
                };
                if key.is_some() && !may_hold_fields(content_type) {
                    continue;
                }
                key = agree(key, find_in_body(content_type, body, place, format)?)?;
            }
        }
        for text in self.arguments.drain(..).flatten() {
            let found = parse_key(text.as_bytes(), format, Place::Elsewhere)?;
            key = agree(key, Some(found))?;
        }
        Ok(key)
    }

    fn claim_request(&self, key: &IdempotencyKey) -> ClaimRequest {
        let found = Found {
            origin: Origin::Web,
            operation: &self.operation,
            scope: &self.scope,
            key: key.as_str(),
        };
        self.idempotency
            .claim_request(self.policy, &found, &self.fingerprints)
    }
}
