//! What every store promises, as tests that run against any of them.
//!
//! Implement [`Harness`] for a store and name it in [`store_contract!`](crate::store_contract!), which makes one test of
//! every function here. Each test gets a harness of its own, and with it an empty store.

// A test says by its name what it asks for, and panics if it does not get it.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::unwrap_used)]
#![allow(clippy::wildcard_imports)]

pub mod claims;
pub mod concurrency;
pub mod fences;
pub mod outcomes;
pub mod sweeping;
pub mod times;

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Record, State, Store, Takeover,
};

/// A store under test, with a clock that stands still until it is moved.
pub trait Harness: Send + Sync + 'static {
    /// One more handle on the records, opened as another process would open it.
    fn open(&self) -> impl Future<Output = Arc<dyn Store>> + Send;

    /// Moves the store's clock forward.
    fn advance(&self, duration: Duration);
}

/// Makes a module of tests: one of each function of the contract, against the harness that the expression gives.
#[macro_export]
macro_rules! store_contract {
    ($store:ident, $harness:expr) => {
        $crate::store_contract! { @modules $store, $harness;
            claims {
                an_absent_record_is_won,
                a_running_record_is_found,
                a_repeated_claim_is_won_again,
                a_repeated_claim_renews_the_lease,
                a_repeated_claim_after_a_takeover_names_the_same_attempt,
                a_repeated_claim_is_won_again_though_the_lease_ran_out,
                a_repeated_claim_finds_what_the_attempt_completed,
                an_abandoned_record_is_told_to_a_claim_that_may_not_take_it,
                an_abandoned_record_is_taken_over,
                a_takeover_from_a_named_attempt_needs_that_attempt,
                a_record_that_was_taken_over_can_be_taken_over_again,
                a_done_record_is_found,
                a_released_record_is_won_anew,
                a_forgotten_record_is_won_anew,
                another_fingerprint_is_told_before_anything_else,
                another_fingerprint_wins_a_record_that_counts_as_absent,
                records_do_not_meet,
            }
            fences {
                nobody_holds_an_absent_record,
                an_attempt_whose_record_was_taken_over_is_refused,
                an_attempt_whose_record_was_released_and_claimed_again_is_refused,
                an_attempt_whose_record_was_forgotten_is_refused,
                an_attempt_whose_record_was_resolved_is_refused,
                a_stranger_is_refused,
                a_done_record_takes_nothing_but_the_same_completion,
                a_released_record_takes_nothing_but_the_same_release,
                a_repeated_completion_is_held_and_changes_nothing,
                a_repeated_release_is_held,
                a_released_record_is_not_loaded,
                an_attempt_may_settle_after_its_lease_as_long_as_nobody_took_over,
                only_an_abandoned_record_is_resolved,
                a_resolution_needs_the_attempt_that_was_seen,
                a_record_is_resolved_with_an_outcome,
                a_record_is_resolved_by_giving_it_back,
                a_repeated_resolution_is_held,
                a_record_is_forgotten_whatever_its_state,
                a_record_is_not_forgotten_for_another_attempt,
            }
            times {
                a_lease_ends_at_its_very_millisecond,
                a_renewal_counts_from_now,
                a_renewal_revives_an_abandoned_record,
                a_renewal_of_zero_abandons_at_once,
                a_publication_does_not_prolong_the_lease,
                an_outcome_expires_at_its_very_millisecond,
                the_window_is_counted_from_completion,
                the_window_of_a_resolution_is_counted_from_it,
                an_outcome_kept_for_ever_does_not_expire,
                a_running_record_does_not_expire,
            }
            outcomes {
                an_empty_outcome_is_kept_as_it_is,
                a_mebibyte_is_kept_as_it_is,
                every_byte_is_kept_as_it_is,
                repeated_headers_keep_their_order,
                every_status_is_kept,
                every_disposition_is_kept,
                an_outcome_that_was_not_kept_is_told_from_an_empty_one,
                a_provisional_outcome_is_seen_while_the_attempt_runs,
                the_last_publication_counts,
                a_provisional_outcome_survives_a_takeover,
                a_provisional_outcome_survives_a_renewal,
                a_provisional_outcome_ends_with_completion,
                a_provisional_outcome_ends_with_release,
            }
            sweeping {
                expired_and_released_records_are_swept,
                running_abandoned_and_kept_records_are_not_swept,
                a_sweep_removes_at_most_its_limit,
                a_sweep_of_nothing_removes_nothing,
                a_record_that_was_claimed_again_is_not_swept,
                a_big_sweep_lets_claims_through,
            }
            concurrency {
                one_of_many_claims_wins,
                one_of_many_takes_over,
                many_claims_of_one_attempt_are_all_its_own,
                many_records_at_once_do_not_meet,
                one_of_completion_and_takeover_counts,
                steps_whose_callers_left_harm_nobody,
            }
        }
    };
    (@modules $store:ident, $harness:expr; $($module:ident { $($test:ident,)* })*) => {
        mod $store {
            $(mod $module {
                #[allow(unused_imports)]
                use super::super::*;

                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $crate::store_contract::$module::$test(&$harness).await;
                })*
            })*
        }
    };
}

const MILLISECOND: Duration = Duration::from_millis(1);
const LEASE: Duration = Duration::from_secs(30);
const SHORT_OF_LEASE: Duration = LEASE.saturating_sub(MILLISECOND);
const WINDOW: Duration = Duration::from_hours(1);
const SHORT_OF_WINDOW: Duration = WINDOW.saturating_sub(MILLISECOND);
const AGES: Duration = Duration::from_hours(1_000 * 365 * 24);

/// A claim of a record that no other test has.
fn new_claim() -> Claim {
    Claim {
        record: new_record(),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        attempt: AttemptId::random(),
        lease: LEASE,
        takeover: Takeover::Abandoned,
    }
}

fn new_record() -> RecordId {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(AttemptId::random().as_bytes());
    bytes[16..].copy_from_slice(AttemptId::random().as_bytes());
    RecordId::from_bytes(bytes)
}

/// What a retry of the same request asks for.
fn retry(claim: &Claim) -> Claim {
    Claim {
        attempt: AttemptId::random(),
        ..claim.clone()
    }
}

/// What another request under the same key asks for.
fn mismatch(claim: &Claim) -> Claim {
    Claim {
        fingerprint: Fingerprint::from_bytes([8; 32]),
        ..retry(claim)
    }
}

fn outcome(body: &'static str) -> Outcome {
    Outcome::new(200, Headers::default(), body)
}

fn completion(body: &'static str) -> Completion {
    Completion {
        disposition: Disposition::Completed,
        outcome: Some(outcome(body)),
        ttl: Ttl::After(WINDOW),
    }
}

/// Claims the record, which must be free or this attempt's, with nothing left from an earlier one.
async fn win(store: &dyn Store, claim: &Claim) {
    assert_eq!(win_from(store, claim).await, (None, None));
}

/// Claims the record, which must not be somebody else's, and says whose it was and what that one had published.
async fn win_from(store: &dyn Store, claim: &Claim) -> (Option<AttemptId>, Option<Outcome>) {
    match store.claim(claim.clone()).await.unwrap() {
        Claimed::Won {
            abandoned,
            provisional,
        } => (abandoned, provisional),
        Claimed::Found(record) => panic!("the claim found {record:?}"),
    }
}

/// Claims the record, which must be somebody else's or done, and says what stands there.
async fn find(store: &dyn Store, claim: &Claim) -> Record {
    match store.claim(claim.clone()).await.unwrap() {
        Claimed::Found(record) => record,
        won @ Claimed::Won { .. } => panic!("the claim won: {won:?}"),
    }
}

/// Wins the record and lets the lease run out.
async fn abandon(harness: &impl Harness, store: &dyn Store, claim: &Claim) {
    win(store, claim).await;
    harness.advance(claim.lease);
}

async fn complete(store: &dyn Store, claim: &Claim, body: &'static str) {
    let fence = store.complete(claim.record, claim.attempt, completion(body));
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

async fn release(store: &dyn Store, claim: &Claim) {
    let fence = store.release(claim.record, claim.attempt);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

/// The record as the claim made it.
fn running(claim: &Claim, abandoned: bool, provisional: Option<Outcome>) -> Record {
    Record {
        fingerprint: claim.fingerprint,
        attempt: claim.attempt,
        state: State::Running {
            provisional,
            abandoned,
        },
    }
}

/// The record as [`complete`] made it.
fn done(claim: &Claim, body: &'static str) -> Record {
    Record {
        fingerprint: claim.fingerprint,
        attempt: claim.attempt,
        state: State::Done {
            disposition: Disposition::Completed,
            outcome: Some(outcome(body)),
        },
    }
}
