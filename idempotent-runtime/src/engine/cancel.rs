//! Whether a call may be dropped before it has come to its end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Nobody may cancel the call.
const FORBIDDEN: u8 = 0;
/// The call ends with its client.
const ALLOWED: u8 = 1;
/// Nobody may cancel the call, and its client has left.
const ORPHANED: u8 = 2;
/// The client of a call that may be cancelled has left.
const CANCELLED: u8 = 3;

/// Whether a call may be cancelled. Shared by the call and whoever waits for it.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "what generated code names has it inside")]
pub struct Cancel(Option<Arc<AtomicU8>>);

impl Cancel {
    /// For a call that gets a task of its own, and must not be cancelled at first.
    #[cfg(feature = "web")]
    pub(crate) fn forbidden() -> Self {
        Self(Some(Arc::new(AtomicU8::new(FORBIDDEN))))
    }

    /// For a call that is dropped with whoever waits for it, and never otherwise.
    pub(crate) fn with_caller() -> Self {
        Self(None)
    }

    /// Says that the call must not be cancelled from here on. To be said before anything that must come to its end, and
    /// without an `.await` in between.
    ///
    /// Never ends if the client has left while the call could be cancelled.
    pub(crate) async fn forbid(&self) {
        self.advance(ALLOWED, FORBIDDEN);
        if self.has_come() {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the call may end with its client.
    pub(crate) fn allow(&self) {
        self.advance(FORBIDDEN, ALLOWED);
        self.advance(ORPHANED, CANCELLED);
    }

    /// Whether the client has left and the call may be cancelled. It is to end by itself then.
    pub(crate) fn has_come(&self) -> bool {
        let stage = self.0.as_ref();
        stage.is_some_and(|stage| stage.load(Ordering::Acquire) == CANCELLED)
    }

    /// Says that the client has left. Whether the call is to be stopped.
    #[cfg(feature = "web")]
    pub(super) fn client_left(&self) -> bool {
        let stops = self.advance(ALLOWED, CANCELLED);
        if !stops {
            self.advance(FORBIDDEN, ORPHANED);
        }
        stops
    }

    /// Goes from one stage to another, unless it is at a third.
    fn advance(&self, from: u8, to: u8) -> bool {
        let Some(stage) = &self.0 else {
            return false;
        };
        let exchanged = stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        exchanged.is_ok()
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_in_place_is_never_told_to_end() {
        let cancel = Cancel::with_caller();
        cancel.allow();
        cancel.forbid().await;
        assert!(!cancel.has_come());
    }
}
