//! Refusals as problem details (RFC 9457).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

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
pub(super) fn write(refusal: Refusal, detail: &str, documentation: Option<&str>) -> Response {
    let Refusal { code, status, .. } = refusal;
    let problem = Problem {
        r#type: documentation.unwrap_or(problem_type(code)),
        title: code.title(),
        status,
        detail,
        code: code.as_str(),
    };
    // Plain strings and a number: there is nothing in it that could fail to be written.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem_json = HeaderValue::from_static("application/problem+json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, problem_json);
    response
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
