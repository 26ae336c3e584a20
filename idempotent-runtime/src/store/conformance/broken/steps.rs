//! Stores whose steps don't ask for their attempt, or do more or less than they were asked for.

use super::*;
use crate::store::{List, MemoryStore, Page, Resolution};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    /// Writes whoever asks.
    NoFence,
    /// Asks for the attempt where a record is completed, and forgets to where it is released.
    NoFenceOnRelease,
    /// Takes its own lost acknowledgement for somebody else's claim.
    RepeatedClaimsAreFound,
    /// Writes what was completed last.
    CompletesAgain,
    /// Tells of the lease before the mismatch.
    MismatchTakesOver,
}

/// A store in memory with a flaw.
#[derive(Clone, Debug)]
struct Steps {
    flaw: Flaw,
    clock: ManualClock,
    inner: MemoryStore,
}

impl Steps {
    fn new(flaw: Flaw) -> Self {
        let clock = ManualClock::new();
        let inner = MemoryStore::with_clock(Arc::new(clock.clone()));
        Self { flaw, clock, inner }
    }

    /// Who holds the record, for a store that does not ask who speaks.
    async fn speaker(&self, record: RecordId, attempt: AttemptId, unfenced: bool) -> AttemptId {
        match self.inner.load(record).await.unwrap() {
            Some(record) if unfenced || self.flaw == Flaw::NoFence => record.attempt,
            _ => attempt,
        }
    }
}

impl Store for Steps {
    fn claim(&self, mut claim: Claim) -> StoreFuture<'_, Claimed> {
        Box::pin(async move {
            if let Some(found) = self.inner.load(claim.record).await? {
                if self.flaw == Flaw::RepeatedClaimsAreFound && found.attempt == claim.attempt {
                    return Ok(Claimed::Found(found));
                }
                let abandoned = matches!(
                    found.state,
                    State::Running {
                        abandoned: true,
                        ..
                    }
                );
                if self.flaw == Flaw::MismatchTakesOver && abandoned {
                    claim.fingerprint = found.fingerprint;
                }
            }
            self.inner.claim(claim).await
        })
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        self.inner.withdraw(claim)
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let attempt = self.speaker(record, attempt, false).await;
            self.inner.renew(record, attempt, lease).await
        })
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let attempt = self.speaker(record, attempt, false).await;
            self.inner.publish(record, attempt, outcome).await
        })
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let attempt = self.speaker(record, attempt, false).await;
            if self.flaw == Flaw::CompletesAgain
                && let Some(found) = self.inner.load(record).await?
                && found.attempt == attempt
            {
                let _ = self.inner.forget(record, attempt).await?;
                let claim = Claim {
                    record,
                    attempt,
                    fingerprint: found.fingerprint,
                    ..new_claim()
                };
                self.inner.claim(claim).await?;
            }
            self.inner.complete(record, attempt, completion).await
        })
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let unfenced = self.flaw == Flaw::NoFenceOnRelease;
            let attempt = self.speaker(record, attempt, unfenced).await;
            self.inner.release(record, attempt).await
        })
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        self.inner.load(record)
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let seen = self.speaker(record, seen, false).await;
            self.inner.forget(record, seen).await
        })
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let seen = self.speaker(record, seen, false).await;
            self.inner.resolve(record, seen, attempt, resolution).await
        })
    }

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        self.inner.list(list)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        self.inner.sweep(limit)
    }
}

impl Harness for Steps {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.clone())
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

found! {
    steps_that_anybody_may_take: Steps::new(Flaw::NoFence) => [
        fences::a_stranger_is_refused,
        fences::an_attempt_whose_record_was_taken_over_is_refused,
        fences::a_record_is_not_forgotten_for_another_attempt,
        fences::a_resolution_needs_the_attempt_that_was_seen,
    ];
    releases_that_anybody_may_ask_for: Steps::new(Flaw::NoFenceOnRelease) => [
        fences::a_stranger_is_refused,
    ];
    a_repeated_claim_that_is_refused: Steps::new(Flaw::RepeatedClaimsAreFound) => [
        claims::a_repeated_claim_is_won_again,
        concurrency::many_claims_of_one_attempt_are_all_its_own,
    ];
    a_completion_that_counts_again: Steps::new(Flaw::CompletesAgain) => [
        fences::a_repeated_completion_is_held_and_changes_nothing,
    ];
    a_mismatch_that_takes_over: Steps::new(Flaw::MismatchTakesOver) => [
        claims::another_fingerprint_is_told_before_anything_else,
        claims::every_byte_of_a_fingerprint_counts,
    ];
}
