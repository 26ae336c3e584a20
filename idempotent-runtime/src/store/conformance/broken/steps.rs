//! Stores whose steps don't ask for their attempt, or do more or less than they were asked for.

use futures_util::FutureExt as _;

use super::*;
use crate::store::{List, MemoryStore, Page, Renewal, RenewalsFuture, Resolution};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Nothing,
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
    /// Executes a step when it is called, whether or not anybody waits for it.
    SendsAtOnce,
    /// Takes every abandoned record over, and forgets how many attempts may.
    UpToAny,
    /// Takes a released record for a free one, whoever released it.
    LateClaimsWin,
    /// Takes a claim back by giving the record back.
    WithdrawsByReleasing,
    /// Takes a claim back by ending its lease.
    WithdrawsByAbandoning,
    /// Takes back whatever claim holds the record.
    WithdrawsAnybodys,
    /// Takes back what is done.
    WithdrawsDone,
    /// Has nothing to take back where it finds nothing.
    WithdrawsNothing,
    /// Answers renewals in the order in which the statement returned its rows.
    RenewsInItsOrder,
    /// Answers a record's renewals once.
    RenewsOnce,
    /// Cannot say nothing.
    RenewsNothing,
    /// What a listing does is in `lists.rs`.
    Lists(lists::Flaw),
}

/// A store in memory with a flaw.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    flaw: Flaw,
    clock: ManualClock,
    inner: MemoryStore,
}

impl Steps {
    pub(super) fn new(flaw: Flaw) -> Self {
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
        if self.flaw == Flaw::SendsAtOnce {
            let claimed = self.inner.claim(claim).now_or_never().unwrap();
            return Box::pin(std::future::ready(claimed));
        }
        if self.flaw == Flaw::UpToAny && matches!(claim.takeover, Takeover::UpTo(_)) {
            claim.takeover = Takeover::Abandoned;
        }
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
            let claimed = self.inner.claim(claim.clone()).await?;
            if self.flaw == Flaw::LateClaimsWin && claimed == Claimed::Withdrawn {
                let _ = self.inner.forget(claim.record, claim.attempt).await?;
                return self.inner.claim(claim).await;
            }
            Ok(claimed)
        })
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        Box::pin(async move {
            let (record, attempt) = (claim.record, claim.attempt);
            let found = self.inner.load(record).await?;
            match (self.flaw, found) {
                (Flaw::WithdrawsByReleasing, _) => self.inner.release(record, attempt).await,
                (Flaw::WithdrawsByAbandoning, _) => {
                    self.inner.renew(record, attempt, Duration::ZERO).await
                }
                (Flaw::WithdrawsAnybodys, Some(found)) => {
                    let theirs = claim.attempt(found.attempt);
                    self.inner.withdraw(theirs).await
                }
                (Flaw::WithdrawsDone, Some(found)) if found.attempt == attempt => {
                    let _ = self.inner.forget(record, attempt).await?;
                    self.inner.withdraw(claim).await
                }
                (Flaw::WithdrawsNothing, None) => Ok(Fence::Held),
                _ => self.inner.withdraw(claim).await,
            }
        })
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

    fn renew_all(&self, mut renewals: Vec<Renewal>) -> RenewalsFuture<'_> {
        let flaw = self.flaw;
        if flaw == Flaw::RenewsOnce {
            renewals.sort_by_key(|it| it.record);
            renewals.dedup_by_key(|it| it.record);
        }
        let mut steps = Vec::new();
        for it in renewals {
            steps.push(self.renew(it.record, it.attempt, it.lease));
        }
        Box::pin(async move {
            let mut fences = futures_util::future::join_all(steps).await;
            match flaw {
                Flaw::RenewsInItsOrder => fences.reverse(),
                Flaw::RenewsNothing if fences.is_empty() => fences.push(Ok(Fence::Held)),
                _ => {}
            }
            fences
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
        match self.flaw {
            Flaw::Lists(flaw) => flaw.list(&self.inner, list),
            _ => self.inner.list(list),
        }
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

    fn step_wall(&self, millis: i64) -> bool {
        self.clock.step_wall(millis);
        true
    }
}

found! {
    steps_that_anybody_may_take: Steps::new(Flaw::NoFence) => [
        fences::a_stranger_is_refused,
        fences::an_attempt_whose_record_was_taken_over_is_refused,
        fences::a_record_is_not_forgotten_for_another_attempt,
        fences::a_resolution_needs_the_attempt_that_was_seen,
        lapsing::an_attempt_whose_lapsed_record_was_taken_is_refused,
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
    steps_that_nobody_waits_for: Steps::new(Flaw::SendsAtOnce) => [
        hanging::a_step_that_was_never_polled_does_nothing,
    ];
    takeovers_without_end: Steps::new(Flaw::UpToAny) => [
        generations::a_takeover_needs_fewer_abandoned_attempts_than_it_names,
        lapsing::a_record_that_is_kept_until_it_is_settled_does_not_lapse,
    ];
    claims_that_come_late_and_win: Steps::new(Flaw::LateClaimsWin) => [
        withdrawals::a_claim_that_comes_after_its_withdrawal_is_refused,
        withdrawals::a_claim_that_comes_after_its_release_is_refused,
        withdrawals::the_mark_of_an_attempt_stays_for_two_minutes,
    ];
    withdrawals_that_release: Steps::new(Flaw::WithdrawsByReleasing) => [
        withdrawals::a_record_that_a_withdrawn_claim_took_over_is_abandoned_again,
        withdrawals::a_claim_that_comes_after_its_withdrawal_is_refused,
        lapsing::a_record_lapses_whose_takeover_was_withdrawn,
    ];
    withdrawals_that_abandon: Steps::new(Flaw::WithdrawsByAbandoning) => [
        withdrawals::a_record_that_a_withdrawn_claim_made_is_free,
        withdrawals::a_record_that_a_withdrawn_claim_took_over_is_abandoned_again,
    ];
    withdrawals_that_anybody_may_ask_for: Steps::new(Flaw::WithdrawsAnybodys) => [
        withdrawals::a_withdrawal_changes_no_record_of_another_attempt,
    ];
    withdrawals_of_what_is_done: Steps::new(Flaw::WithdrawsDone) => [
        withdrawals::a_withdrawal_changes_no_record_that_is_done,
    ];
    withdrawals_that_leave_no_mark: Steps::new(Flaw::WithdrawsNothing) => [
        withdrawals::a_claim_that_comes_after_its_withdrawal_is_refused,
        withdrawals::a_withdrawal_leaves_its_mark_where_a_record_counts_as_absent,
    ];
    renewals_out_of_order: Steps::new(Flaw::RenewsInItsOrder) => [
        renewals::renewals_are_answered_in_their_order,
        renewals::many_renewals_are_all_answered,
    ];
    renewals_that_are_answered_once: Steps::new(Flaw::RenewsOnce) => [
        renewals::a_record_that_is_renewed_twice_at_once_is_answered_twice,
    ];
    renewals_that_nobody_asked_for: Steps::new(Flaw::RenewsNothing) => [
        renewals::no_renewals_have_no_answers,
    ];
}

crate::store_conformance!(sound, Steps::new(Flaw::Nothing));
