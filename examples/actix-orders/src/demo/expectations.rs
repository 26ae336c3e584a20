//! What an answer must be.

use std::fmt;

use super::DemoError;
use super::client::Answer;

/// Whether the handler ran for this call, or the answer came from the record of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    Call,
    Record,
}

pub(super) fn expect(
    request: &str,
    status: u16,
    by: AnsweredBy,
    answer: &Answer,
) -> Result<(), DemoError> {
    let replayed = by == AnsweredBy::Record;
    if (answer.status, answer.is_replayed()) == (status, replayed) {
        return Ok(());
    }
    Err(unmet(request, &describe(status, replayed), answer))
}

pub(super) fn expect_code(
    request: &str,
    status: u16,
    code: &str,
    answer: &Answer,
) -> Result<(), DemoError> {
    expect(request, status, AnsweredBy::Call, answer)?;
    if answer.says() == code {
        return Ok(());
    }
    Err(unmet(request, code, answer))
}

pub(super) fn expect_replay_of(
    first: &Answer,
    request: &str,
    answer: &Answer,
) -> Result<(), DemoError> {
    expect(request, first.status, AnsweredBy::Record, answer)?;
    if answer.is_same_as(first) {
        return Ok(());
    }
    let expected = format!("the same headers and bytes as {first}");
    Err(unmet(request, &expected, answer))
}

pub(super) fn unmet(at: &str, expected: &str, got: &dyn fmt::Display) -> DemoError {
    DemoError::Expectation {
        at: at.to_owned(),
        expected: expected.to_owned(),
        got: got.to_string(),
    }
}

/// How the table and error messages name an answer.
pub(super) fn describe(status: u16, replayed: bool) -> String {
    let not = if replayed { "" } else { "not " };
    format!("{status} ({not}replayed)")
}
