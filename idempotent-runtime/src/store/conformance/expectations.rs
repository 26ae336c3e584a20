//! What a test asks of the store, and what it says where it does not get it.
//!
//! Each panics with the promise that was broken and with the line of the test: a reader who has only their own store's
//! output knows where to look.

use std::error::Error;
use std::fmt::Debug;
use std::panic::{Location, resume_unwind};

use tokio::task::JoinHandle;

use crate::identity::RecordId;
use crate::store::{Claim, Claimed, Fence, Record, Store, StoreError, StoreFuture, Won};

/// Where in the suite something is asked of the store.
pub(super) type At = &'static Location<'static>;

/// Panics unless the store kept its promise.
#[track_caller]
pub(super) fn must<T: PartialEq + Debug>(promise: &str, got: &T, expected: &T) {
    must_at(Location::caller(), promise, got, expected);
}

pub(super) fn must_at<T: PartialEq + Debug>(at: At, promise: &str, got: &T, expected: &T) {
    if got == expected {
        return;
    }
    let (expected, got) = (format!("{expected:?}"), format!("{got:?}"));
    let hidden = if expected == got {
        "\n     They differ in what is never printed: a body, the value of a header, or a fingerprint."
    } else {
        ""
    };
    panic!(
        "the store broke a promise: {promise}\n expected: {expected}\n      got: {got}{hidden}\n       at: {at}"
    );
}

pub(super) fn answer_at<T>(at: At, answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| {
        let mut causes = String::new();
        for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
            causes = format!("{causes}: {cause}");
        }
        panic!(
            "the store failed, though nothing was done to it that may make it fail: {error}{causes}\n at: {at}"
        )
    })
}

/// What a task of the test came to. Its panic is passed on.
pub(super) async fn join<T>(task: JoinHandle<T>) -> T {
    task.await
        .unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
}

/// What the step answers. It may not fail.
#[track_caller]
pub(super) fn answer<T>(step: StoreFuture<'_, T>) -> impl Future<Output = T> + Send {
    let at = Location::caller();
    async move { answer_at(at, step.await) }
}

/// The step of an attempt that holds the record, or of the one that made it what it is.
#[track_caller]
pub(super) fn held(step: StoreFuture<'_, Fence>) -> impl Future<Output = ()> + Send {
    fence(
        step,
        Fence::Held,
        "a step of the attempt that the record names takes effect, now or when it was first sent",
    )
}

/// The step of an attempt that the record does not name, or for which it is in no state.
#[track_caller]
pub(super) fn lost(step: StoreFuture<'_, Fence>) -> impl Future<Output = ()> + Send {
    fence(
        step,
        Fence::Lost,
        "a step of an attempt that does not hold the record, or that the record's state does not allow, is refused",
    )
}

#[track_caller]
fn fence<'a>(
    step: StoreFuture<'a, Fence>,
    expected: Fence,
    promise: &'static str,
) -> impl Future<Output = ()> + Send + 'a {
    let at = Location::caller();
    async move { must_at(at, promise, &answer_at(at, step.await), &expected) }
}

/// Claims the record, which must be free or this attempt's, with nothing left from an earlier one.
#[track_caller]
pub(super) fn win<'a>(
    store: &'a dyn Store,
    claim: &Claim,
) -> impl Future<Output = ()> + Send + use<'a> {
    let at = Location::caller();
    let (won, anew) = (win_from(store, claim), Won::anew(claim.attempt));
    async move {
        let promise = "a record that is won anew has nothing left from an earlier attempt, and begins a generation";
        must_at(at, promise, &won.await, &anew);
    }
}

/// Claims the record, which must not be somebody else's, and returns what the claim is told.
#[track_caller]
pub(super) fn win_from<'a>(
    store: &'a dyn Store,
    claim: &Claim,
) -> impl Future<Output = Won> + Send + use<'a> {
    let at = Location::caller();
    let claim = claim.clone();
    async move {
        match answer_at(at, store.claim(claim.clone()).await) {
            Claimed::Won(won) => won,
            other => panic!(
                "the store broke a promise: a claim wins a record that is absent, expired, released, its own attempt's, \
                 or abandoned where it may take over\n    claim: {claim:?}\n      got: {other:?}\n       at: {at}"
            ),
        }
    }
}

/// Takes the record over, and must be told so.
#[track_caller]
pub(super) fn take_over<'a>(
    store: &'a dyn Store,
    claim: &Claim,
    expected: Won,
) -> impl Future<Output = ()> + Send + use<'a> {
    let at = Location::caller();
    let won = win_from(store, claim);
    async move {
        let promise = "an attempt that takes a record over is told from whom, what that one had published, which \
            generation it is and how many attempts of it were abandoned";
        must_at(at, promise, &won.await, &expected);
    }
}

/// Claims the record, which must be somebody else's or done, and read so.
#[track_caller]
pub(super) fn find<'a>(
    store: &'a dyn Store,
    claim: &Claim,
    expected: Record,
) -> impl Future<Output = ()> + Send + use<'a> {
    let at = Location::caller();
    let claim = claim.clone();
    async move {
        let promise = "a claim of a record that is somebody else's, done or another request's is told what stands there";
        let claimed = timeless(at, answer_at(at, store.claim(claim).await));
        must_at(at, promise, &claimed, &Claimed::Found(expected));
    }
}

/// Reads the record, which must be so, or absent.
#[track_caller]
pub(super) fn reads(
    store: &dyn Store,
    record: RecordId,
    expected: Option<Record>,
) -> impl Future<Output = ()> + Send {
    let at = Location::caller();
    async move {
        let promise = "a record reads as the steps before left it, and as absent once it has expired or was released";
        let record = answer_at(at, store.load(record).await).map(|record| undated(at, record));
        must_at(at, promise, &record, &expected);
    }
}

/// The record without the time of its first claim, which must be there. Only the store knows which it is.
pub(super) fn undated(at: At, record: Record) -> Record {
    let promise = "a record that was claimed says when";
    must_at(at, promise, &record.claimed_at.is_some(), &true);
    Record {
        claimed_at: None,
        ..record
    }
}

/// The answer to a claim, with an [`undated`] record.
pub(super) fn timeless(at: At, claimed: Claimed) -> Claimed {
    match claimed {
        Claimed::Found(record) => Claimed::Found(undated(at, record)),
        other => other,
    }
}
