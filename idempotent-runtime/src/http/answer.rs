//! Between a response and the outcome that a record keeps.

use std::borrow::Cow;

use bytes::Bytes;

use super::content_type::is_event_stream;
use super::door::{Door, Read, Reply, Whole};
use crate::attempt::{Attempt, PublishError};
use crate::engine::Ended;
use crate::idempotency::HttpSettings;
use crate::outcome::{Headers, Outcome};

/// The header that says that an outcome could not be recorded.
const STORED: &str = "idempotency-stored";

/// Hop-by-hop headers, and those that belong to one answer alone.
const NEVER_KEPT: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "date",
    "content-length",
    "set-cookie",
];

/// An answer that is not the handler's.
#[derive(Debug)]
pub struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a Headers,
    pub(crate) body: Bytes,
    /// One header more, whose name is in lower case.
    pub(crate) marker: Option<(&'a str, Cow<'a, str>)>,
}

/// The response that a recorded outcome makes.
pub(super) fn replay<D: Door>(outcome: &Outcome, settings: &HttpSettings) -> D::Response {
    let marker = settings.replayed_header.as_deref();
    D::write(&Answer {
        status: outcome.status(),
        headers: outcome.headers(),
        body: outcome.body().clone(),
        marker: marker.map(|name| (name, Cow::Borrowed("true"))),
    })
}

/// Says on a handler's own answer that no record keeps it.
pub(super) fn mark_unstored<D: Door>(response: &mut D::Response) {
    D::set_header(response, STORED, "false");
}

/// Reads a reply whole, up to `max_response` bytes, and says what a record keeps of it. The caller gets all of it either way.
pub(crate) async fn keep<D: Door>(
    reply: Reply<D::Response>,
    max_response: usize,
    settings: &HttpSettings,
) -> Ended<D::Response> {
    let Reply { response, declared } = reply;
    if passes_through::<D>(&response) {
        tracing::warn!(
            "the response is an event stream or switches protocols, so it is passed on unread; retries get 409"
        );
        return Ended {
            status: D::status(&response),
            declared,
            rejected: false,
            outcome: None,
            reply: response,
        };
    }
    let read = if carries_body(D::status(&response)) {
        D::read(response, max_response).await
    } else {
        // What may carry no body carries none, to the first caller as to the next.
        Read {
            response: D::without_body(response),
            body: Whole::Kept(Bytes::new()),
        }
    };
    let (response, body) = match read.body {
        Whole::Kept(body) => (read.response, Some(body)),
        Whole::TooLarge => {
            tracing::warn!(
                max_response,
                "the response is larger than what is kept; retries get 409"
            );
            (read.response, None)
        }
        Whole::Broken(error) => {
            tracing::error!(
                error = &*error as &dyn std::error::Error,
                "the response body broke off while it was read"
            );
            (broken::<D>(), Some(Bytes::new()))
        }
    };
    Ended {
        status: D::status(&response),
        declared,
        rejected: false,
        outcome: body.and_then(|body| outcome::<D>(&response, body, settings)),
        reply: response,
    }
}

/// Shows what a handler publishes to duplicates.
pub(crate) async fn publish<D: Door>(
    attempt: &Attempt,
    reply: Reply<D::Response>,
) -> Result<(), PublishError> {
    let Some(running) = attempt.running() else {
        return Ok(());
    };
    let settings = &running.idempotency.settings().http;
    let kept = keep::<D>(reply, running.policy.max_response, settings).await;
    running.publish(kept.outcome).await
}

/// Whether it has no end that could be waited for: it switches protocols, or is a stream of server-sent events.
fn passes_through<D: Door>(response: &D::Response) -> bool {
    let mut streams = D::status(response) == 101;
    D::each_header(response, &mut |name, value| {
        streams |= name == "content-type" && is_event_stream(std::str::from_utf8(value).ok());
    });
    streams
}

/// RFC 9110, sections 15.3.5 and 15.4.5.
fn carries_body(status: u16) -> bool {
    !matches!(status, 204 | 304)
}

/// What takes the place of a response whose body broke off.
fn broken<D: Door>() -> D::Response {
    D::write(&Answer {
        status: 500,
        headers: &Headers::default(),
        body: Bytes::new(),
        marker: None,
    })
}

fn outcome<D: Door>(
    response: &D::Response,
    body: Bytes,
    settings: &HttpSettings,
) -> Option<Outcome> {
    let status = D::status(response);
    if (100..200).contains(&status) {
        return None;
    }
    let named_by_connection = connection_options::<D>(response);
    let is_kept = |name: &str| {
        !NEVER_KEPT.contains(&name)
            && name != STORED
            && settings.replayed_header.as_deref() != Some(name)
            && !settings.dropped_headers.iter().any(|it| it == name)
            && !named_by_connection.iter().any(|it| it == name)
    };
    let mut kept = Headers::packing();
    let mut fits = Ok(());
    D::each_header(response, &mut |name, value| {
        if is_kept(name) && fits.is_ok() {
            fits = kept.push(name, value);
        }
    });
    fits.ok()?;
    Some(Outcome::new(status, kept.finish(), body))
}

/// The headers that `Connection` names, in lower case (RFC 9110, section 7.6.1).
fn connection_options<D: Door>(response: &D::Response) -> Vec<String> {
    let mut options = Vec::new();
    D::each_header(response, &mut |name, value| {
        if name == "connection"
            && let Ok(value) = std::str::from_utf8(value)
        {
            options.extend(value.split(',').map(|it| it.trim().to_ascii_lowercase()));
        }
    });
    options
}
