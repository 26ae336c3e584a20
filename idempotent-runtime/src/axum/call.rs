//! One request through an annotated handler, from its head to its answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::captured::Captured;
use super::key::{HeadKey, find_in_body, find_in_head};
use super::replay::Witness;
use super::{body, problem, record};
use crate::engine::{Answer, Detach, Detachable, Ticket, perform};
use crate::fingerprint::Fingerprint;
use crate::idempotency::Idempotency;
use crate::identity::{Origin, RecordId};
use crate::key::{IdempotencyKey, InvalidKey, Place, parse_key};
use crate::policy::{FingerprintOf, KeySource, Missing, Operation, Policy};
use crate::refusal::Code;
use crate::scope::{Scope, ScopeKey};

/// What an annotated handler's function returns. Whether the call can be detached is asked where it is routed, so that
/// a generic handler may be one for some types only.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Run<F: Future>(Detachable<F>);

impl<F> Future for Run<F>
where
    F: Future<Output = Response> + Send + 'static,
{
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let ended = ready!(Pin::new(&mut self.0).poll(cx));
        // The runtime was shut down under the call: its attempt is abandoned.
        Poll::Ready(ended.unwrap_or_else(|| problem::respond(Code::OutcomeUnknown)))
    }
}

/// Reads the request, then calls `body` with what was learned and the handler's last argument.
pub fn run<L, C, F>(
    captured: Captured<L>,
    policy: &'static Policy,
    body: C,
) -> Run<impl Future<Output = Response>>
where
    C: FnOnce(Call, L) -> F,
    F: Future<Output = Response>,
{
    let Captured { request, extract } = captured;
    let idempotency = request.extensions().get::<Idempotency>().cloned();
    let detach = Detach::new(idempotency.as_ref().map(|it| it.running().clone()));
    Run(Detachable::new(detach.clone(), async move {
        let (call, request) = match receive(request, policy, idempotency, detach).await {
            Ok(received) => received,
            Err(code) => return problem::respond(code),
        };
        match extract(request).await {
            Ok(last) => body(call, last).await,
            Err(rejection) => rejection,
        }
    }))
}

/// Adds a part to the call's scope.
pub fn scope<K: ScopeKey + ?Sized>(call: &mut Call, part: &K) {
    call.scope.push(part);
}

/// Tells the call its key, where an expression gives it.
pub fn key<K: KeyArgument + ?Sized>(call: &mut Call, key: &K) {
    call.argument = key.key_text();
}

/// Runs the handler under the call's key, or answers without it.
pub async fn protect<T>(
    call: Call,
    witness: impl Witness<T>,
    handler: impl Future<Output = T>,
) -> Response {
    let Some(protection) = call.protection else {
        return witness.reply(handler.await).response;
    };
    let key = match protection.key(call.argument) {
        Ok(Some(key)) => key,
        Ok(None) => match protection.policy.missing {
            Missing::Reject => return problem::respond(Code::KeyMissing),
            Missing::Unprotected => return witness.reply(handler.await).response,
        },
        Err(InvalidKey) => return problem::respond(Code::KeyInvalid),
    };
    let ticket = protection.ticket(&call.scope, &key);
    let idempotency = ticket.idempotency.clone();
    let max_response = protection.policy.max_response;
    let handler = async {
        // No await between the two: a response need not be `Send`.
        let reply = witness.reply(handler.await);
        record::keep(reply, max_response, idempotency.settings()).await
    };
    respond(
        perform(ticket, protection.detach, handler).await,
        &idempotency,
    )
}

fn respond(answer: Answer<Response>, idempotency: &Idempotency) -> Response {
    match answer {
        Answer::Fresh(response) => response,
        Answer::Unrecorded(mut response) => {
            let name = HeaderName::from_static(record::STORED);
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("false"));
            response
        }
        Answer::Replayed(outcome) => record::replay(&outcome, idempotency.settings()),
        Answer::Refused(refusal) => problem::respond(refusal),
    }
}

/// What is known of a request before its handler runs.
pub struct Call {
    /// `None`: the handler runs as if it were not annotated.
    protection: Option<Protection>,
    scope: Scope,
    argument: Option<String>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

struct Protection {
    idempotency: Idempotency,
    policy: &'static Policy,
    detach: Detach,
    head: Head,
    /// The key, if the head had it.
    key: Option<IdempotencyKey>,
    body: Bytes,
}

/// What of the request's head is still needed once its extractors have taken it.
struct Head {
    method: Method,
    /// As the client sent it, before any nested router took its prefix off.
    uri: Uri,
    route: Option<MatchedPath>,
    /// For a key in the body, whose form they tell.
    headers: HeaderMap,
}

async fn receive(
    request: Request,
    policy: &'static Policy,
    idempotency: Option<Idempotency>,
    detach: Detach,
) -> Result<(Call, Request), Code> {
    let unprotected = Call {
        protection: None,
        scope: Scope::global(),
        argument: None,
    };
    if is_safe(request.method()) {
        return Ok((unprotected, request));
    }
    let Some(idempotency) = idempotency else {
        tracing::error!(
            "a handler with #[idempotent] was called, but no `Idempotency` is installed: add `.layer(Idempotency::new(store))` to its router"
        );
        return Err(Code::Misconfigured);
    };
    let (mut parts, body) = request.into_parts();
    let key = match find_in_head(&mut parts, policy).await? {
        HeadKey::Here(key) => Some(key),
        HeadKey::Later => None,
        HeadKey::Missing => {
            return match policy.missing {
                Missing::Reject => Err(Code::KeyMissing),
                Missing::Unprotected => Ok((unprotected, Request::from_parts(parts, body))),
            };
        }
    };
    let (request, body) = body::read(Request::from_parts(parts, body), policy.max_body).await?;
    let head = Head::of(&request, policy);
    let protection = Protection {
        idempotency,
        policy,
        detach,
        head,
        key,
        body,
    };
    Ok((
        Call {
            protection: Some(protection),
            ..unprotected
        },
        request,
    ))
}

/// RFC 9110, section 9.2.1.
fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

impl Head {
    fn of(request: &Request, policy: &Policy) -> Self {
        let extensions = request.extensions();
        let uri = extensions
            .get::<OriginalUri>()
            .map_or_else(|| request.uri(), |original| &original.0);
        let headers = match policy.key {
            KeySource::Body(_) => request.headers().clone(),
            _ => HeaderMap::new(),
        };
        Self {
            method: request.method().clone(),
            uri: uri.clone(),
            route: extensions.get::<MatchedPath>().cloned(),
            headers,
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

impl Protection {
    fn key(&self, argument: Option<String>) -> Result<Option<IdempotencyKey>, InvalidKey> {
        let format = self.policy.key_format;
        match self.policy.key {
            KeySource::Body(place) => find_in_body(&self.head.headers, &self.body, place, format),
            KeySource::Arguments => argument
                .map(|text| parse_key(text.as_bytes(), format, Place::Elsewhere))
                .transpose(),
            KeySource::Header(_) | KeySource::Query(_) | KeySource::Path(_) => Ok(self.key.clone()),
        }
    }

    fn ticket(&self, scope: &Scope, key: &IdempotencyKey) -> Ticket {
        let Self {
            idempotency,
            policy,
            head,
            body,
            ..
        } = self;
        let settings = idempotency.settings();
        let secret = settings.secret.as_ref();
        let operation = head.operation(policy.operation);
        let body = match policy.fingerprint {
            FingerprintOf::Body => Some(&**body),
            FingerprintOf::None => None,
        };
        let (path, query) = (head.uri.path(), head.uri.query());
        Ticket {
            idempotency: idempotency.clone(),
            policy,
            record: RecordId::new(
                secret,
                &settings.namespace,
                Origin::Web,
                scope,
                &operation,
                key.as_str(),
            ),
            fingerprint: Fingerprint::of_request(secret, head.method.as_str(), path, query, body),
        }
    }
}

/// A value that an expression may give as the key: text, an integer or a UUID, or an option of one, whose `None` means
/// that no key came.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an idempotency key",
    label = "not text, an integer or a `Uuid`",
    note = "a key is a string, an integer or a `Uuid`, or an `Option` of one"
)]
pub trait KeyArgument {
    /// The key's text, if there is one.
    fn key_text(&self) -> Option<String>;
}

impl KeyArgument for str {
    fn key_text(&self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<K: KeyArgument> KeyArgument for Option<K> {
    fn key_text(&self) -> Option<String> {
        self.as_ref().and_then(KeyArgument::key_text)
    }
}

impl<K: KeyArgument + ?Sized> KeyArgument for &K {
    fn key_text(&self) -> Option<String> {
        (**self).key_text()
    }
}

macro_rules! key_argument_by_display {
    ($($ty:ty),* $(,)?) => {$(
        impl KeyArgument for $ty {
            fn key_text(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

key_argument_by_display! {
    String, Box<str>, std::sync::Arc<str>, std::borrow::Cow<'_, str>, uuid::Uuid,
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
}
