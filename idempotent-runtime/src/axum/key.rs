//! Where a request carries its key.

use std::collections::HashMap;

use axum::extract::{FromRequestParts as _, RawPathParams};
use http::request::Parts;
use http::{HeaderMap, header};

use crate::key::{Found, IdempotencyKey, InvalidKey, Place, find_in_form, find_in_json, parse_key};
use crate::policy::{KeyFormat, KeySource, Policy};
use crate::refusal::Code;

/// The key as far as the request's head tells it.
#[derive(Debug)]
pub(super) enum HeadKey {
    Here(IdempotencyKey),
    Missing,
    /// It is in the body or in the arguments, which are read later.
    Later,
}

/// Looks for the key in header, query or path.
pub(super) async fn find_in_head(parts: &mut Parts, policy: &Policy) -> Result<HeadKey, Code> {
    let found = match policy.key {
        KeySource::Header(name) => in_header(&parts.headers, name, policy.key_format),
        KeySource::Query(name) => in_query(
            parts.uri.query().unwrap_or_default(),
            name,
            policy.key_format,
        ),
        KeySource::Path(name) => in_path(parts, name, policy.key_format).await?,
        KeySource::Body(_) | KeySource::Arguments => return Ok(HeadKey::Later),
    };
    match found {
        Ok(Some(key)) => Ok(HeadKey::Here(key)),
        Ok(None) => Ok(HeadKey::Missing),
        Err(InvalidKey) => Err(Code::KeyInvalid),
    }
}

/// Looks for the key in the body: a form where the request says so, JSON otherwise.
pub(super) fn find_in_body(
    headers: &HeaderMap,
    body: &[u8],
    place: &str,
    format: KeyFormat,
) -> Result<Option<IdempotencyKey>, InvalidKey> {
    let found = if is_form(headers) {
        find_in_form(body, place)
    } else {
        find_in_json(body, place)
    };
    match found? {
        Found::Missing => Ok(None),
        Found::Text(text) => parse_key(text.as_bytes(), format, Place::Elsewhere).map(Some),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

type Parsed = Result<Option<IdempotencyKey>, InvalidKey>;

fn in_header(headers: &HeaderMap, name: &str, format: KeyFormat) -> Parsed {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => parse_key(line.as_bytes(), format, Place::Header).map(Some),
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

fn in_query(query: &str, name: &str, format: KeyFormat) -> Parsed {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(field, _)| field == name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((_, value)), None) => parse_key(value.as_bytes(), format, Place::Elsewhere).map(Some),
        (Some(_), Some(_)) => Err(InvalidKey),
    }
}

async fn in_path(parts: &mut Parts, name: &str, format: KeyFormat) -> Result<Parsed, Code> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok();
    let params: HashMap<&str, &str> = params.iter().flatten().collect();
    let Some(value) = params.get(name) else {
        tracing::error!(
            "`key = path(\"{name}\")`, but the route of this handler has no parameter `{{{name}}}`"
        );
        return Err(Code::Misconfigured);
    };
    Ok(parse_key(value.as_bytes(), format, Place::Elsewhere).map(Some))
}
