//! How many steps may be sent a second time.
//!
//! A second sending helps against one silent connection. Where the store is slow for everybody it would double the load, and
//! make it slower still. So a second sending is paid for by first ones, of which it may be a tenth; a few are saved up for
//! when they are needed. The idea is that of hedged requests in J. Dean and L. A. Barroso, "The Tail at Scale" (2013), with
//! the token bucket of gRPC's retry throttling (proposal A6).

use std::sync::atomic::{AtomicU32, Ordering};

/// What a first sending earns, in tenths of a second sending.
const EARNED: u32 = 1;
/// What a second sending costs.
const COST: u32 = 10;
/// The most that is saved up: as many second sendings as a pool of connections that all fell silent takes.
const MOST: u32 = 64 * COST;

/// What a handle has to spend on one kind of steps.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl Budget {
    /// Says that a step was sent.
    pub(super) fn earn(&self) {
        // Mostly it is full, and then nothing is written, which would make cores wait for each other.
        let saved = self.0.load(Ordering::Relaxed);
        if saved < MOST {
            // Two that come at once may earn a little too much.
            self.0.fetch_add(EARNED, Ordering::Relaxed);
        }
    }

    /// Whether a step may be sent a second time.
    pub(super) fn spend(&self) -> bool {
        let spent = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| {
                saved.checked_sub(COST)
            });
        spent.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_up_is_spent_and_earned_again_by_ten_sendings() {
        let budget = Budget::default();
        for _ in 0..100 {
            budget.earn();
        }
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 64);
        for _ in 0..9 {
            budget.earn();
            assert!(!budget.spend());
        }
        budget.earn();
        assert!(budget.spend());
        assert!(!budget.spend());
    }
}
