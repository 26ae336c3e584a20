//! Between a response and the outcome that a record keeps.

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;

use super::replay::Reply;
use crate::engine::Ended;
use crate::idempotency::Settings;
use crate::outcome::{Headers, Outcome};

/// The header that says that the outcome could not be recorded.
const STORED: &str = "idempotency-stored";

/// Says on a handler's own answer that no record keeps it.
pub(super) fn mark_unstored(response: &mut Response) {
    response.headers_mut().insert(
        HeaderName::from_static(STORED),
        HeaderValue::from_static("false"),
    );
}

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

/// Reads a reply whole, up to `max_response`, and says what a record keeps of it. The caller gets all of it either way.
pub(super) async fn keep(
    reply: Reply,
    max_response: usize,
    settings: &Settings,
) -> Ended<Response> {
    let Reply { response, declared } = reply;
    let (mut parts, body) = response.into_parts();
    // What may carry no body carries none, to the first caller as to the next.
    let body = match parts.status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Body::empty(),
        _ => body,
    };
    let (body, kept) = match read(body, max_response).await {
        Whole::Kept(bytes) => (Body::from(bytes.clone()), Some(bytes)),
        Whole::TooLarge(body) => {
            tracing::warn!(
                max_response,
                "the response is larger than what is kept; retries get 409"
            );
            (body, None)
        }
        Whole::Broken(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the response body broke off while it was read"
            );
            (parts.status, parts.headers) = (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new());
            (Body::empty(), Some(Bytes::new()))
        }
    };
    let outcome = kept.and_then(|bytes| outcome(parts.status, &parts.headers, bytes, settings));
    Ended {
        status: parts.status.as_u16(),
        declared,
        rejected: false,
        outcome,
        reply: Response::from_parts(parts, body),
    }
}

fn outcome(
    status: StatusCode,
    headers: &HeaderMap,
    body: Bytes,
    settings: &Settings,
) -> Option<Outcome> {
    if status.is_informational() {
        return None;
    }
    let named_by_connection = connection_options(headers);
    let kept = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| {
            !NEVER_KEPT.contains(name)
                && *name != STORED
                && settings.replayed_header.as_deref() != Some(*name)
                && !settings
                    .dropped_headers
                    .iter()
                    .any(|dropped| dropped == name)
                && !named_by_connection.iter().any(|option| option == name)
        });
    let headers = Headers::pack(kept).ok()?;
    Some(Outcome::new(status.as_u16(), headers, body))
}

/// The headers that `Connection` names, in lower case (RFC 9110, section 7.6.1).
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let values = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

/// The response that a recorded outcome makes.
pub(super) fn replay(outcome: &Outcome, settings: &Settings) -> Response {
    let mut response = Response::new(Body::from(outcome.body().clone()));
    *response.status_mut() =
        StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in outcome.headers().iter() {
        // What was recorded came from a response, so both are valid.
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    if let Some(name) = &settings.replayed_header
        && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
    {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("true"));
    }
    response
}

enum Whole {
    Kept(Bytes),
    /// What was read, and the rest behind it.
    TooLarge(Body),
    Broken(axum::Error),
}

async fn read(mut body: Body, limit: usize) -> Whole {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers are not kept: a recorded outcome has a known length.
        let Some(data) = frame.map(|frame| frame.into_data().ok()).transpose() else {
            continue;
        };
        match data {
            Err(error) => return Whole::Broken(error),
            Ok(data) if first.is_empty() => first = data,
            Ok(data) => {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
        }
        if first.len().max(rest.len()) > limit {
            return Whole::TooLarge(chain(first, rest, body));
        }
    }
    Whole::Kept(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

fn chain(first: Bytes, rest: BytesMut, body: Body) -> Body {
    let read = if rest.is_empty() {
        first
    } else {
        rest.freeze()
    };
    Body::from_stream(stream::once(std::future::ready(Ok(read))).chain(body.into_data_stream()))
}
