//! Reading a request body whole, up to a limit.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::RequestExt as _;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use http_body_util::LengthLimitError;

use crate::refusal::Code;

/// The limit where neither the policy nor the application says otherwise; axum's own is the same.
const DEFAULT_LIMIT: usize = 2 * 1024 * 1024;

/// Reads the body and gives back the request with the same bytes in it.
pub(super) async fn read(
    request: Request,
    max_body: Option<usize>,
) -> Result<(Request, Bytes), Code> {
    let (request, limit) = match max_body {
        Some(limit) => (request, limit),
        None => application_limit(request),
    };
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > limit as u64 {
        return Err(Code::BodyTooLarge);
    }
    let bytes = to_bytes(body, limit)
        .await
        .map_err(|error| refusal(&error))?;
    let mut request = Request::from_parts(parts, Body::from(bytes.clone()));
    if limit > DEFAULT_LIMIT {
        // Otherwise the extractors' own limit would refuse what was just read.
        DefaultBodyLimit::max(limit).apply(&mut request);
    }
    Ok((request, bytes))
}

/// The limit that the application set for its extractors, where it is larger than the default.
///
/// axum does not tell it, but wraps a body in it, and the wrapped body's size hint does. An application that switched
/// the limit off gets the default: a request is never read into memory without a bound.
fn application_limit(request: Request) -> (Request, usize) {
    let (parts, body) = request.into_parts();
    let probe = Request::from_parts(parts, Body::new(Endless)).with_limited_body();
    let (parts, probe) = probe.into_parts();
    let limit = probe
        .size_hint()
        .upper()
        .and_then(|limit| usize::try_from(limit).ok());
    (
        Request::from_parts(parts, body),
        limit.unwrap_or(DEFAULT_LIMIT).max(DEFAULT_LIMIT),
    )
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
        application_limit(request).1
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
