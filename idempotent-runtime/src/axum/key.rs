//! Where a request carries its key.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts as _, RawPathParams};
use http::HeaderMap;
use http::request::Parts;

use crate::key::{
    Found, IdempotencyKey, InvalidKey, Place, agree, find_in_form, find_in_json, parse_key,
};
use crate::policy::{KeyFormat, KeySource, Policy};
use crate::refusal::Code;

/// The key as far as the request's head tells it.
#[derive(Debug)]
pub(super) struct HeadKeys {
    /// The first that is present. No other one differs.
    pub(super) found: Option<IdempotencyKey>,
    /// Whether there are places to look at in the body or the arguments, which are read later.
    pub(super) more: bool,
}

/// Looks for the key in headers, query and path.
pub(super) async fn find_in_head(parts: &mut Parts, policy: &Policy) -> Result<HeadKeys, Code> {
    let mut keys = HeadKeys {
        found: None,
        more: false,
    };
    let format = policy.key_format;
    for place in policy.key.places() {
        let found = match place {
            KeySource::Header(name) => in_header(&parts.headers, name, format),
            KeySource::Query(name) => in_query(parts.uri.query().unwrap_or_default(), name, format),
            KeySource::Path(name) => in_path(parts, name, format).await?,
            // A list in a list does not pass the check of its policy.
            KeySource::Body(_) | KeySource::Arguments | KeySource::FirstOf(_) => {
                keys.more = true;
                continue;
            }
        };
        keys.found = found
            .and_then(|found| agree(keys.found, found))
            .map_err(|InvalidKey| Code::KeyInvalid)?;
    }
    Ok(keys)
}

/// Looks for the key in the body: a form where the request says so, JSON otherwise.
pub(super) fn find_in_body(
    content_type: Option<&str>,
    body: &[u8],
    place: &str,
    format: KeyFormat,
) -> Parsed {
    let found = if is_form(content_type) {
        find_in_form(body, place)
    } else {
        find_in_json(body, place)
    };
    match found? {
        Found::Missing => Ok(None),
        Found::Text(text) => parse_key(text.as_bytes(), format, Place::Elsewhere).map(Some),
    }
}

/// Whether a body of this type may be one with fields. One that says no type may.
pub(super) fn may_hold_fields(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else {
        return true;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    is_form(Some(&essence)) || essence == "application/json" || essence.ends_with("+json")
}

fn is_form(content_type: Option<&str>) -> bool {
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

pub(super) type Parsed = Result<Option<IdempotencyKey>, InvalidKey>;

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
    let params = match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params,
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => return Err(Code::KeyInvalid),
        Err(_) => return Err(no_parameter(name)),
    };
    let value = params
        .iter()
        .find(|(param, _)| *param == name)
        .map(|(_, value)| value);
    let value = value.ok_or_else(|| no_parameter(name))?;
    Ok(parse_key(value.as_bytes(), format, Place::Elsewhere).map(Some))
}

fn no_parameter(name: &str) -> Code {
    tracing::error!(
        "`key = path(\"{name}\")`, but the route of this handler has no parameter `{{{name}}}`"
    );
    Code::Misconfigured
}
