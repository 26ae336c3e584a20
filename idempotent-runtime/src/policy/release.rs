//! Which outcomes give the key back.

use crate::outcome::Disposition;

/// Which outcomes give the key back, so that the next attempt runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Release {
    /// Answers with these statuses.
    Statuses(&'static [StatusRange]),
    /// All but 2xx and 3xx.
    Failures,
    /// None: a failure is recorded and replayed, and the client takes a new key.
    Never,
}

/// Status codes from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    first: u16,
    last: u16,
}

impl StatusRange {
    /// The codes from `first` to `last`.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if `first` is after `last`, or one of them is no final status (200 to 599).
    #[track_caller]
    pub const fn new(first: u16, last: u16) -> Self {
        assert!(200 <= first && last <= 599, "a final status is 200 to 599");
        assert!(first <= last, "the first status is after the last");
        Self { first, last }
    }

    const fn contains(self, status: u16) -> bool {
        self.first <= status && status <= self.last
    }
}

/// Answers that mean "nothing was done". Any other 5xx is of unknown effect.
const NOTHING_WAS_DONE: &[StatusRange] = &[
    StatusRange::new(401, 401),
    StatusRange::new(408, 408),
    StatusRange::new(425, 425),
    StatusRange::new(429, 429),
    StatusRange::new(503, 503),
];

/// What becomes of a record when its attempt has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) disposition: Disposition,
    pub(crate) released: bool,
}

impl Release {
    /// 401, 408, 425, 429 and 503: answers that mean "nothing was done".
    pub const DEFAULT: Self = Self::Statuses(NOTHING_WAS_DONE);

    /// Judges an answer by what its type declared, or else by its status.
    pub(crate) fn judge(self, status: u16, declared: Option<Disposition>) -> Verdict {
        let disposition = declared.unwrap_or_else(|| self.disposition(status));
        let released = disposition == Disposition::FailedRetriable && self != Self::Never;
        Verdict {
            disposition,
            released,
        }
    }

    fn disposition(self, status: u16) -> Disposition {
        let retriable = match self {
            Self::Statuses(ranges) => ranges.iter().any(|range| range.contains(status)),
            Self::Failures => status >= 400,
            Self::Never => NOTHING_WAS_DONE.iter().any(|range| range.contains(status)),
        };
        if retriable {
            Disposition::FailedRetriable
        } else if status < 400 {
            Disposition::Completed
        } else {
            Disposition::FailedFinal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Disposition::{Completed, FailedFinal, FailedRetriable};

    fn judge(release: Release, status: u16) -> (Disposition, bool) {
        let verdict = release.judge(status, None);
        (verdict.disposition, verdict.released)
    }

    #[test]
    fn by_default_answers_that_did_nothing_give_the_key_back() {
        for status in [401, 408, 425, 429, 503] {
            assert_eq!(
                judge(Release::DEFAULT, status),
                (FailedRetriable, true),
                "{status}"
            );
        }
        for status in [400, 402, 404, 409, 422, 500, 502, 504] {
            assert_eq!(
                judge(Release::DEFAULT, status),
                (FailedFinal, false),
                "{status}"
            );
        }
        for status in [200, 201, 204, 303, 304] {
            assert_eq!(
                judge(Release::DEFAULT, status),
                (Completed, false),
                "{status}"
            );
        }
    }

    #[test]
    fn listed_statuses_alone_give_the_key_back() {
        const LISTED: Release =
            Release::Statuses(&[StatusRange::new(429, 429), StatusRange::new(502, 504)]);
        assert_eq!(judge(LISTED, 429), (FailedRetriable, true));
        assert_eq!(judge(LISTED, 502), (FailedRetriable, true));
        assert_eq!(judge(LISTED, 504), (FailedRetriable, true));
        assert_eq!(judge(LISTED, 401), (FailedFinal, false));
        assert_eq!(judge(LISTED, 505), (FailedFinal, false));
    }

    #[test]
    fn failures_are_all_but_2xx_and_3xx() {
        assert_eq!(judge(Release::Failures, 399), (Completed, false));
        assert_eq!(judge(Release::Failures, 400), (FailedRetriable, true));
        assert_eq!(judge(Release::Failures, 599), (FailedRetriable, true));
    }

    #[test]
    fn never_records_even_what_could_be_tried_again() {
        assert_eq!(judge(Release::Never, 503), (FailedRetriable, false));
        assert_eq!(judge(Release::Never, 500), (FailedFinal, false));
    }

    #[test]
    fn what_the_type_declares_goes_before_the_status() {
        let judged =
            |release: Release, status, declared| release.judge(status, Some(declared)).released;
        assert!(judged(Release::DEFAULT, 500, FailedRetriable));
        assert!(!judged(Release::DEFAULT, 503, FailedFinal));
        assert!(!judged(Release::Failures, 422, FailedFinal));
        assert!(!judged(Release::Never, 503, FailedRetriable));
    }
}
