//! Refusals as problem details (RFC 9457).

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::{Answer, Door};
use crate::outcome::Headers;
use crate::policy::Policy;
use crate::refusal::{Code, Refusal};

/// The error scenarios of the IETF draft.
const TYPE: &str = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07#section-2.7";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
}

/// The problem that tells a client of a refusal, with a link to the application's documentation where it has one.
pub(super) fn write<D: Door>(
    refusal: Refusal,
    policy: Option<&Policy>,
    documentation: Option<&str>,
) -> D::Response {
    let Refusal { code, status, .. } = refusal;
    let problem = Problem {
        r#type: documentation.unwrap_or(problem_type(code)),
        title: code.title(),
        status,
        detail: &detail(code, policy),
        code: code.as_str(),
    };
    // Plain strings and a number: there is nothing in it that could fail to be written.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    D::write(&Answer {
        status,
        headers: &Headers::default(),
        body: Bytes::from(body),
        marker: Some(("content-type", Cow::Borrowed("application/problem+json"))),
    })
}

/// What happened. Of a key that is missing or invalid it tells where it goes and what it looks like.
fn detail(code: Code, policy: Option<&Policy>) -> Cow<'static, str> {
    match (code, policy) {
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

/// The draft's section where it speaks of the error; where it does not, the status says all (RFC 9457, section 4.2.1).
fn problem_type(code: Code) -> &'static str {
    match code {
        Code::BodyTooLarge | Code::BodyUnreadable | Code::Overloaded | Code::Misconfigured => {
            "about:blank"
        }
        _ => TYPE,
    }
}
