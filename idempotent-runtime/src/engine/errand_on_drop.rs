//! What is done in the background for a step whose call was dropped while it was under way.
//!
//! A call in a task of its own is never dropped there. One that is awaited in place may be, at any `.await`.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::backlog::{Backlog, Errand};
use crate::identity::{AttemptId, RecordId};

/// An errand that is left to the backlog unless the step has been answered.
pub(super) struct ErrandOnDrop<'a> {
    backlog: &'a Arc<Backlog>,
    record: RecordId,
    attempt: AttemptId,
    errand: Option<Errand>,
}

impl<'a> ErrandOnDrop<'a> {
    pub(super) fn new(
        backlog: &'a Arc<Backlog>,
        record: RecordId,
        attempt: AttemptId,
        errand: Errand,
    ) -> Self {
        Self {
            backlog,
            record,
            attempt,
            errand: Some(errand),
        }
    }

    /// Says that the step has been answered, or is seen to elsewhere.
    pub(super) fn disarm(mut self) {
        self.errand = None;
    }
}

impl Drop for ErrandOnDrop<'_> {
    fn drop(&mut self) {
        let Some(errand) = self.errand.take() else {
            return;
        };
        // Without a runtime nobody can tell the store, and the lease runs out.
        if Handle::try_current().is_ok() {
            self.backlog.push(self.record, self.attempt, errand);
        }
    }
}
