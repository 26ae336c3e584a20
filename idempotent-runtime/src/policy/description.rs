//! The published form of a policy.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Abandoned, KeyFormat, KeySource, Mismatch, Missing, Policy, Ttl};
use crate::refusal::Code;

/// What clients of an endpoint are to know of its policy, made by [`Policy::describe`]: for its documentation, as the
/// IETF draft asks of every resource that takes keys.
///
/// It prints as a few sentences, and serializes to JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Description {
    /// Where the key goes, such as "header `Idempotency-Key`"; of several places the first that is present counts.
    pub key: Vec<String>,
    /// What a key looks like.
    pub format: String,
    /// Whether a request without a key is refused.
    pub required: bool,
    /// How long an outcome is kept, in seconds from its completion; `None`: for good.
    pub kept_for_seconds: Option<u64>,
    /// What may be told instead of an outcome.
    pub refusals: Vec<DescribedRefusal>,
}

/// A refusal that an endpoint may answer with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DescribedRefusal {
    /// Its HTTP status.
    pub status: u16,
    /// Its code, `idempotency_…`.
    pub code: &'static str,
    /// What happened and what a client can do.
    pub detail: &'static str,
}

impl Policy {
    /// What clients of an endpoint are to know of its policy.
    ///
    /// It describes this constant. What an attribute overrides is not seen from here: put what is to be published into
    /// the constant.
    ///
    /// ```
    /// use idempotent_runtime::policy::{Policy, Ttl};
    ///
    /// const PAYMENTS: Policy = Policy::new().ttl(Ttl::days(7));
    /// let published = PAYMENTS.describe();
    /// assert_eq!(published.key, ["header `idempotency-key`"]);
    /// assert_eq!(published.kept_for_seconds, Some(7 * 24 * 60 * 60));
    /// assert!(published.to_string().contains("422 `idempotency_mismatch`"));
    /// ```
    pub fn describe(&self) -> Description {
        Description {
            key: self
                .key
                .places()
                .iter()
                .map(|place| describe_place(*place))
                .collect(),
            format: describe_format(self.key_format),
            required: self.missing == Missing::Reject,
            kept_for_seconds: match self.ttl {
                Ttl::After(ttl) => Some(ttl.as_secs()),
                Ttl::Forever => None,
            },
            refusals: self.refusals(),
        }
    }

    fn refusals(&self) -> Vec<DescribedRefusal> {
        let told = |applies: bool, code: Code, status: u16| applies.then_some((code, status));
        let mismatch = match self.mismatch {
            Mismatch::Reject(status) => Some((Code::Mismatch, status)),
            Mismatch::Separate => None,
        };
        let refusals = [
            told(
                self.missing == Missing::Reject,
                Code::KeyMissing,
                Code::KeyMissing.status(),
            ),
            told(true, Code::KeyInvalid, Code::KeyInvalid.status()),
            mismatch,
            told(true, Code::Pending, self.pending.status()),
            told(
                self.abandoned != Abandoned::Rerun,
                Code::OutcomeUnknown,
                Code::OutcomeUnknown.status(),
            ),
            told(true, Code::OutcomeNotKept, Code::OutcomeNotKept.status()),
            told(true, Code::BodyTooLarge, Code::BodyTooLarge.status()),
            told(
                true,
                Code::StoreUnavailable,
                Code::StoreUnavailable.status(),
            ),
        ];
        let described = |(code, status): (Code, u16)| DescribedRefusal {
            status,
            code: code.as_str(),
            detail: code.detail(),
        };
        refusals.into_iter().flatten().map(described).collect()
    }
}

fn describe_place(place: KeySource) -> String {
    match place {
        KeySource::Header(name) => format!("header `{name}`"),
        KeySource::Body(pointer) if pointer.starts_with('/') => format!("body, at `{pointer}`"),
        KeySource::Body(field) => format!("body field `{field}`"),
        KeySource::Query(name) => format!("query parameter `{name}`"),
        KeySource::Path(name) => format!("path parameter `{name}`"),
        // A list holds no list, and what the arguments hold is between the request and the handler.
        KeySource::Arguments | KeySource::FirstOf(_) => "the request itself".to_owned(),
    }
}

fn describe_format(format: KeyFormat) -> String {
    match format {
        KeyFormat::Any { min, max } | KeyFormat::Ascii { min, max } => {
            format!(
                "{min} to {max} ASCII characters, in a header quoted or without comma, quote and space"
            )
        }
        KeyFormat::Uuid => "a UUID with hyphens".to_owned(),
        KeyFormat::Quoted => {
            "a structured-field string (RFC 9651) of 1 to 255 characters".to_owned()
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let need = if self.required { "needs" } else { "takes" };
        writeln!(
            f,
            "This operation {need} an idempotency key: {}.",
            self.key.join(", or ")
        )?;
        writeln!(f, "A key is {}.", self.format)?;
        match self.kept_for_seconds {
            Some(seconds) => writeln!(
                f,
                "Outcomes are kept for {}.",
                window(Duration::from_secs(seconds))
            )?,
            None => writeln!(f, "Outcomes are kept for good.")?,
        }
        for refusal in &self.refusals {
            writeln!(
                f,
                "{} `{}`: {}",
                refusal.status, refusal.code, refusal.detail
            )?;
        }
        Ok(())
    }
}

/// Days, hours, minutes and seconds, without those that are zero.
fn window(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() {
        "less than a second".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pending;

    const OPEN: Policy = Policy::new()
        .key(KeySource::FirstOf(&[
            KeySource::Header("x-key"),
            KeySource::Body("/event/id"),
        ]))
        .ttl(Ttl::Forever)
        .missing(Missing::Unprotected)
        .mismatch(Mismatch::Separate)
        .pending(Pending::Reject(425));

    #[test]
    fn only_what_may_be_told_is_described() {
        let described = OPEN.describe();
        let told: Vec<_> = described
            .refusals
            .iter()
            .map(|refusal| (refusal.status, refusal.code))
            .collect();
        assert_eq!(
            told,
            [
                (400, "idempotency_key_invalid"),
                (425, "idempotency_pending"),
                (409, "idempotency_outcome_not_kept"),
                (413, "idempotency_body_too_large"),
                (503, "idempotency_store_unavailable"),
            ]
        );
        assert_eq!(described.key, ["header `x-key`", "body, at `/event/id`"]);
        assert!(!described.required);
    }

    #[test]
    fn it_reads_as_sentences() {
        let text = OPEN.describe().to_string();
        assert!(text.starts_with(
            "This operation takes an idempotency key: header `x-key`, or body, at `/event/id`.\n"
        ));
        assert!(text.contains("Outcomes are kept for good.\n"));
        assert!(
            Policy::new()
                .describe()
                .to_string()
                .contains("kept for 1 d.\n")
        );
        assert_eq!(window(Duration::from_secs(90_061)), "1 d 1 h 1 min 1 s");
    }
}
