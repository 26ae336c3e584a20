//! Reading a request body whole, up to a limit.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::RequestExt as _;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use bytes::Bytes;
use http::request::Parts;
use http_body::{Body as HttpBody, Frame};
use http_body_util::LengthLimitError;

use crate::refusal::Code;

/// The limit where neither the policy nor the application says otherwise; axum's own is the same.
const DEFAULT_LIMIT: usize = 2 * 1024 * 1024;

/// Reads a request's body, up to `max_body` bytes, or else the application's own limit. Also gives that limit.
pub(super) async fn read(
    parts: Parts,
    body: Body,
    max_body: Option<usize>,
) -> (Parts, Result<(Bytes, usize), Code>) {
    let size = body.size_hint();
    let (parts, limit) = match max_body {
        Some(limit) => (parts, limit),
        // Whatever the application's limit is, it is no smaller.
        None if size.upper().is_some_and(|it| it <= DEFAULT_LIMIT as u64) => (parts, DEFAULT_LIMIT),
        None => application_limit(parts),
    };
    if size.lower() > limit as u64 {
        return (parts, Err(Code::BodyTooLarge));
    }
    let read = to_bytes(body, limit).await;
    let read = read.map_err(|error| refusal(&error));
    (parts, read.map(|bytes| (bytes, limit)))
}

/// The request with the body that was read.
pub(super) fn put_back(parts: Parts, body: Bytes, limit: usize) -> Request {
    let mut request = Request::from_parts(parts, Body::from(body));
    if limit > DEFAULT_LIMIT {
        // Otherwise the extractors' own limit would refuse what was just read.
        DefaultBodyLimit::max(limit).apply(&mut request);
    }
    request
}

/// The limit that the application set for its extractors, where it is larger than the default.
///
/// axum does not tell it, but wraps a body in it, and the wrapped body's size hint does. An application that switched
/// the limit off gets the default: a request is never read into memory without a bound.
fn application_limit(parts: Parts) -> (Parts, usize) {
    let probe = Request::from_parts(parts, Body::new(Endless)).with_limited_body();
    let (parts, probe) = probe.into_parts();
    let limit = probe
        .size_hint()
        .upper()
        .and_then(|limit| usize::try_from(limit).ok());
    (parts, limit.unwrap_or(DEFAULT_LIMIT).max(DEFAULT_LIMIT))
}

fn refusal(error: &axum::Error) -> Code {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Code::BodyTooLarge;
        }
        cause = error.source();
    }
    Code::BodyUnreadable
}

/// A body of unknown size that is never read.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_of(set: Option<DefaultBodyLimit>) -> usize {
        let mut request = Request::new(Body::empty());
        if let Some(limit) = set {
            limit.apply(&mut request);
        }
        application_limit(request.into_parts().0).1
    }

    #[test]
    fn a_larger_limit_of_the_application_is_honoured_and_none_at_all_is_not() {
        assert_eq!(limit_of(None), DEFAULT_LIMIT);
        assert_eq!(
            limit_of(Some(DefaultBodyLimit::max(10_000_000))),
            10_000_000
        );
        assert_eq!(limit_of(Some(DefaultBodyLimit::max(10))), DEFAULT_LIMIT);
        assert_eq!(limit_of(Some(DefaultBodyLimit::disable())), DEFAULT_LIMIT);
    }
}
