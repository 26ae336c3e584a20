//! Answering a refusal: as problem details, or in the application's own envelope.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};

use super::problem;
use crate::idempotency::{IdempotencyBuilder, Settings};
use crate::key::IdempotencyKey;
use crate::policy::Policy;
use crate::refusal::{Code, Refusal};

/// The application's own way to write refusals.
#[derive(Clone)]
pub(crate) struct Envelope(Arc<WriteRefusal>);

type WriteRefusal = dyn Fn(Code, &Parts, Option<&str>) -> Response + Send + Sync;

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope(..)")
    }
}

impl IdempotencyBuilder {
    /// Answers refusals in the application's own envelope instead of problem details.
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
        self.settings_mut().axum_envelope = Some(Envelope(Arc::new(write)));
        self
    }
}

/// The head with the URI that the client sent, before any nested router took its prefix off.
fn as_sent(parts: &Parts) -> Parts {
    let mut parts = parts.clone();
    if let Some(OriginalUri(uri)) = parts.extensions.get::<OriginalUri>() {
        parts.uri = uri.clone();
    }
    parts
}

/// What is needed to answer a refusal of one request.
#[derive(Default)]
pub(super) struct Refuser {
    /// The envelope, and what it is given of the request.
    envelope: Option<(Envelope, Box<Parts>)>,
    documentation: Option<Arc<str>>,
    key: Option<IdempotencyKey>,
    /// Whose endpoint it is.
    policy: Option<&'static Policy>,
}

impl Refuser {
    pub(super) fn new(settings: &Settings, policy: &'static Policy, parts: &Parts) -> Self {
        Self {
            policy: Some(policy),
            envelope: settings
                .axum_envelope
                .clone()
                .map(|envelope| (envelope, Box::new(as_sent(parts)))),
            documentation: settings.documentation.clone(),
            key: None,
        }
    }

    /// Tells what the client sent as its key.
    pub(super) fn set_key(&mut self, key: IdempotencyKey) {
        if self.envelope.is_some() {
            self.key = Some(key);
        }
    }

    pub(super) fn respond(&self, refusal: impl Into<Refusal>) -> Response {
        let refusal = refusal.into();
        let documentation = self.documentation.as_deref();
        let mut response = match &self.envelope {
            None => problem::write(refusal, &self.detail(refusal.code), documentation),
            Some((Envelope(write), parts)) => write(
                refusal.code,
                parts,
                self.key.as_ref().map(IdempotencyKey::as_str),
            ),
        };
        if response.status() == StatusCode::OK
            && let Ok(status) = StatusCode::from_u16(refusal.status)
        {
            // No refusal is a success: the envelope left the status to the policy.
            *response.status_mut() = status;
        }
        let headers = response.headers_mut();
        if let Some(seconds) = refusal.retry_after {
            headers
                .entry(header::RETRY_AFTER)
                .or_insert(HeaderValue::from(seconds));
        }
        // The builder has checked that the link can stand in a header.
        let link =
            documentation.map(|url| format!("<{url}>; rel=\"describedby\"; type=\"text/html\""));
        if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
            headers.entry(header::LINK).or_insert(link);
        }
        response
    }

    /// What happened. Of a key that is missing or invalid it tells where it goes and what it looks like.
    fn detail(&self, code: Code) -> Cow<'static, str> {
        match (code, self.policy) {
            (Code::KeyMissing | Code::KeyInvalid, Some(policy)) => {
                let published = policy.describe();
                let places = published.key.join(", or ");
                Cow::Owned(format!(
                    "{} It goes here: {places}. It is {}.",
                    code.detail(),
                    published.format
                ))
            }
            _ => Cow::Borrowed(code.detail()),
        }
    }
}
