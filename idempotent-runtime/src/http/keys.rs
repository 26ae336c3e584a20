//! Finding the key in the places of a request that a policy names.

use super::content_type::is_form;
use super::{Head, Line, PathParameter};
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
pub(super) fn find_in_head(head: &impl Head, policy: &Policy) -> Result<HeadKeys, Code> {
    let mut keys = HeadKeys {
        found: None,
        more: false,
    };
    let format = policy.key_format;
    for place in policy.key.places() {
        let found = match place {
            KeySource::Header(name) => in_header(head, name, format),
            KeySource::Query(name) => in_query(head.query().unwrap_or_default(), name, format),
            KeySource::Path(name) => in_path(head, name, format)?,
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

type Parsed = Result<Option<IdempotencyKey>, InvalidKey>;

fn in_header(head: &impl Head, name: &str, format: KeyFormat) -> Parsed {
    match head.header(name) {
        Line::None => Ok(None),
        Line::One(value) => parse_key(value, format, Place::Header).map(Some),
        Line::Several => Err(InvalidKey),
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

fn in_path(head: &impl Head, name: &str, format: KeyFormat) -> Result<Parsed, Code> {
    match head.path_parameter(name) {
        PathParameter::Text(value) => {
            Ok(parse_key(value.as_bytes(), format, Place::Elsewhere).map(Some))
        }
        PathParameter::NotText => Err(Code::KeyInvalid),
        PathParameter::None => {
            tracing::error!(
                "`key = path(\"{name}\")`, but the route of this handler has no parameter `{{{name}}}`"
            );
            Err(Code::Misconfigured)
        }
    }
}
