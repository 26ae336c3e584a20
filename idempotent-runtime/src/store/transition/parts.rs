//! What several steps have in common.

use std::time::Duration;

use super::row::{Change, Phase, Row};
use crate::clock::Timestamp;
use crate::identity::AttemptId;
use crate::policy::Ttl;
use crate::store::{Completion, Fence};

/// How long the mark of an attempt that gave a record back stays. That is longer than anybody repeats a release, and
/// longer than a claim can be on its way.
pub const RELEASED_STAYS: Duration = Duration::from_mins(2);

/// The answer to an attempt that the row does not name.
pub(super) const LOST: (Change, Fence) = (Change::Keep, Fence::Lost);

/// The fence: the row, if it names this attempt.
pub(super) fn held(row: Option<&Row>, attempt: AttemptId) -> Option<(&Row, &Phase)> {
    row.filter(|row| row.attempt == attempt)
        .map(|row| (row, &row.phase))
}

pub(super) fn released(row: &Row, now: Timestamp) -> Row {
    Row {
        phase: mark(now),
        ..row.clone()
    }
}

pub(super) fn mark(now: Timestamp) -> Phase {
    Phase::Released {
        until: now.saturating_add(RELEASED_STAYS),
    }
}

pub(super) fn done(completion: Completion, now: Timestamp) -> Phase {
    Phase::Done {
        disposition: completion.disposition,
        outcome: completion.outcome,
        expires_at: match completion.ttl {
            Ttl::After(ttl) => Some(now.saturating_add(ttl)),
            Ttl::Forever => None,
        },
    }
}
