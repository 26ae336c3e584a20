//! Values of a statement's parameters, and which values each step has.
//!
//! A statement names its parameters `$1`, `$2` and so on, in any order and as often as it needs them.

use std::sync::Arc;

use bytes::Bytes;

use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::policy::Ttl;
use crate::store::columns::{millis, state, state_of};
use crate::store::transition::RELEASED_STAYS;
use crate::store::{Claim, Completion, Resolution, Takeover};

/// A value of one parameter. `S` holds what only one kind of server knows.
#[derive(Clone, Debug)]
pub(in crate::store) enum Argument<S> {
    Bytes(Option<Bytes>),
    Int(Option<i64>),
    Text(Arc<str>),
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "MySQL has no type of its own")
    )]
    Special(S),
}

impl<S> Argument<S> {
    pub(in crate::store) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Some(Bytes::copy_from_slice(bytes)))
    }

    pub(in crate::store) fn int(value: impl Into<i64>) -> Self {
        Self::Int(Some(value.into()))
    }

    /// A number of rows.
    pub(in crate::store) fn count(rows: usize) -> Self {
        Self::int(i64::try_from(rows).unwrap_or(i64::MAX))
    }

    pub(in crate::store) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// The first eight parameters of claims and withdrawals: record, fingerprint, attempt, lease, takeover (0 never, 1 from
/// anybody, 2 from one attempt, 3 up to a number of attempts), from whom, up to how many, and for how long an abandoned
/// record is kept.
pub(in crate::store) fn of_claim<S>(claim: &Claim) -> [Argument<S>; 8] {
    let (takeover, from, most) = match claim.takeover {
        Takeover::Never => (0, None, 0),
        Takeover::Abandoned => (1, None, 0),
        Takeover::From(seen) => (2, Some(seen), 0),
        Takeover::UpTo(most) => (3, None, most),
    };
    [
        Argument::bytes(claim.record.as_bytes()),
        Argument::bytes(claim.fingerprint.as_bytes()),
        Argument::bytes(claim.attempt.as_bytes()),
        Argument::int(millis(claim.lease)),
        Argument::int(takeover),
        Argument::Bytes(from.map(|from| Bytes::copy_from_slice(from.as_bytes()))),
        Argument::int(most),
        Argument::Int(claim.keep_abandoned.map(millis)),
    ]
}

/// The parameters with which every step of an attempt begins: record and attempt. There is room for the rest, and for the time.
pub(in crate::store) fn held<S>(record: RecordId, attempt: AttemptId) -> Vec<Argument<S>> {
    let mut arguments = Vec::with_capacity(9);
    arguments.extend([
        Argument::bytes(record.as_bytes()),
        Argument::bytes(attempt.as_bytes()),
    ]);
    arguments
}

/// The parameters of a renewal: record, attempt, lease.
#[cfg(feature = "mysql")]
pub(in crate::store) fn of_renewal<S>(renewal: &crate::store::Renewal) -> [Argument<S>; 3] {
    [
        Argument::bytes(renewal.record.as_bytes()),
        Argument::bytes(renewal.attempt.as_bytes()),
        Argument::int(millis(renewal.lease)),
    ]
}

/// The parameters of an outcome: status, headers, body.
pub(in crate::store) fn outcome<S>(outcome: Option<&Outcome>) -> [Argument<S>; 3] {
    [
        Argument::Int(outcome.map(|it| i64::from(it.status()))),
        Argument::Bytes(outcome.map(|it| it.headers().as_bytes().clone())),
        Argument::Bytes(outcome.map(|it| it.body().clone())),
    ]
}

/// What a done row holds: state, window (null for ever), outcome.
pub(in crate::store) fn done<S>(completion: &Completion) -> [Argument<S>; 5] {
    let window = match completion.ttl {
        Ttl::After(ttl) => Some(millis(ttl)),
        Ttl::Forever => None,
    };
    let [status, headers, body] = outcome(completion.outcome.as_ref());
    [
        Argument::int(state_of(completion.disposition)),
        Argument::Int(window),
        status,
        headers,
        body,
    ]
}

/// What a settled row holds, in the order of [`done`].
pub(in crate::store) fn resolved<S>(resolution: &Resolution) -> [Argument<S>; 5] {
    match resolution {
        Resolution::Complete(completion) => done(completion),
        Resolution::Release => {
            let [status, headers, body] = outcome(None);
            [
                Argument::int(state::RELEASED),
                Argument::int(millis(RELEASED_STAYS)),
                status,
                headers,
                body,
            ]
        }
    }
}

/// Goes through a statement: gives `piece` each text and the number of the parameter behind it, and at last the text
/// behind the last parameter.
pub(in crate::store) fn each_piece(text: &str, mut piece: impl FnMut(&str, Option<usize>)) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = after.split_at(digits);
        piece(before, number.parse().ok());
        rest = behind;
    }
    piece(rest, None);
}
