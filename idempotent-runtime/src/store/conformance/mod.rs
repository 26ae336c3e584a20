//! What every store promises, as tests that run against any of them.
//!
//! Implement [`Harness`] for a store and name it in [`store_conformance!`](crate::store_conformance!), which makes one
//! test of every function here. Each test gets a harness of its own, and with it an empty store. A test is named after
//! what it asks for. One that fails prints the promise that was broken, what was expected and what came, and the line of
//! the suite; the source of its function is the shortest way to see what was done to the store.
//!
//! What the suite cannot check (what survives, how fast it is, real clocks) and how to check that, stands in
//! `docs/own-store.md` in the project's repository, which also says how to write a store.
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # mod tests {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use idempotent_runtime::MemoryStore;
//! use idempotent_runtime::clock::ManualClock;
//! use idempotent_runtime::store::Store;
//! use idempotent_runtime::store::conformance::Harness;
//!
//! struct Memory {
//!     clock: ManualClock,
//!     store: MemoryStore,
//! }
//!
//! impl Memory {
//!     fn new() -> Self {
//!         let clock = ManualClock::new();
//!         let store = MemoryStore::with_clock(Arc::new(clock.clone()));
//!         Self { clock, store }
//!     }
//! }
//!
//! impl Harness for Memory {
//!     async fn open(&self) -> Arc<dyn Store> {
//!         Arc::new(self.store.clone())
//!     }
//!
//!     fn advance(&self, duration: Duration) {
//!         self.clock.advance(duration);
//!     }
//! }
//!
//! idempotent_runtime::store_conformance!(memory, Memory::new());
//! # }
//! ```

// A test says by its name what it asks for, and panics if it does not get it.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::unwrap_used)]
#![allow(clippy::wildcard_imports)]

#[cfg(all(test, feature = "memory"))]
mod broken;
pub mod claims;
pub mod concurrency;
mod expectations;
pub mod fences;
pub mod generations;
pub mod hanging;
pub mod lapsing;
mod list;
pub mod listing;
pub mod outcomes;
pub mod renewals;
pub mod sweeping;
pub mod times;
pub mod withdrawals;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use self::expectations::*;
use super::{
    Claim, Claimed, Completion, Fence, Label, Record, State, Store, StoreError, Takeover, Won,
};
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::{Disposition, Headers, Outcome};
use crate::policy::Ttl;
use crate::store::transition::RELEASED_STAYS;

/// A store under test, with a clock that stands still until it is moved.
///
/// A store that judges by the time of a server needs a way to be told another: see how the stores of this crate take
/// a clock for tests.
pub trait Harness: Send + Sync + 'static {
    /// One more handle on the records, opened as another process would open it.
    fn open(&self) -> impl Future<Output = Arc<dyn Store>> + Send;

    /// Moves the store's clock forward.
    fn advance(&self, duration: Duration);

    /// What removes records that have expired. Default: [`Expiry::Sweep`].
    fn expiry(&self) -> Expiry {
        Expiry::Sweep
    }

    /// The size of a body, in bytes, that the store cannot hold. Default: `None`, for a store that holds whatever fits
    /// into memory; then nothing is tested of it.
    ///
    /// A store whose limit can be set should be opened with a low one, above the mebibyte that other tests keep.
    fn too_large(&self) -> Option<usize> {
        None
    }

    /// Sets the wall clock forward by so many milliseconds, or back, without moving the store's time, and returns `true`.
    /// Default: `false`, for a store that judges by a server's clock; then nothing is tested of it.
    fn step_wall(&self, millis: i64) -> bool {
        let _ = millis;
        false
    }

    /// Makes the next step that a handle sends hang, as it does on a connection that is suddenly silent: its answer never
    /// comes. Default: `None`, where no step can hang so; then nothing is tested of it.
    ///
    /// A proxy between store and server does it: it forwards the step, or swallows it, and then nothing more on that
    /// connection. New connections work.
    fn hang_next_step(&self) -> Option<Hung> {
        None
    }
}

/// Ends once a step hangs, see [`Harness::hang_next_step`].
pub type Hung = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What removes records that have expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// [`Store::sweep`], which says how many it removed.
    Sweep,
    /// The store itself, in its own time: a sweep has nothing to remove.
    Own,
}

/// The longest that one test may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs one test of the suite on a runtime of its own. What [`store_conformance!`](crate::store_conformance!) makes
/// calls it.
///
/// # Panics
///
/// Where the test fails, hangs, or no runtime can be started.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            tokio::time::timeout(PATIENCE, test)
                .await
                .expect("the test hangs");
        });
}

const MILLISECOND: Duration = Duration::from_millis(1);
const LEASE: Duration = Duration::from_secs(30);
const SHORT_OF_LEASE: Duration = LEASE.saturating_sub(MILLISECOND);
const SHORT_OF_RELEASED_STAYS: Duration = RELEASED_STAYS.saturating_sub(MILLISECOND);
const WINDOW: Duration = Duration::from_hours(1);
const SHORT_OF_WINDOW: Duration = WINDOW.saturating_sub(MILLISECOND);
const AGES: Duration = Duration::from_hours(1_000 * 365 * 24);

/// A claim of a record that no other test has.
fn new_claim() -> Claim {
    let fingerprint = Fingerprint::from_bytes([7; 32]);
    Claim::new(new_record(), fingerprint, AttemptId::random(), LEASE)
        .takeover(Takeover::Abandoned)
        .label(Label::new("suite", "POST /orders/{}"))
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
    Completion::new(
        Disposition::Completed,
        Some(outcome(body)),
        Ttl::After(WINDOW),
    )
}

/// Wins the record and lets the lease run out.
async fn abandon(harness: &impl Harness, store: &dyn Store, claim: &Claim) {
    win(store, claim).await;
    harness.advance(claim.lease);
}

async fn complete(store: &dyn Store, claim: &Claim, body: &'static str) {
    held(store.complete(claim.record, claim.attempt, completion(body))).await;
}

async fn release(store: &dyn Store, claim: &Claim) {
    held(store.release(claim.record, claim.attempt)).await;
}

/// The record as the claim made it.
fn running(claim: &Claim, abandoned: bool, provisional: Option<Outcome>) -> Record {
    let state = State::Running {
        provisional,
        abandoned,
    };
    record_of(claim, state)
}

/// The record as [`complete`] made it.
fn done(claim: &Claim, body: &'static str) -> Record {
    let state = State::Done {
        disposition: Disposition::Completed,
        outcome: Some(outcome(body)),
    };
    record_of(claim, state)
}

/// The record in this state, as the claim made it anew. When that was, only the store knows.
fn record_of(claim: &Claim, state: State) -> Record {
    Record {
        label: claim.label.clone(),
        ..Record::new(claim.fingerprint, claim.attempt, state)
    }
}

/// The record that an attempt of `first`'s generation left, once it was taken over from `first`.
fn taken_over(first: &Claim, record: Record) -> Record {
    Record {
        generation: first.attempt,
        abandoned: 1,
        ..record
    }
}

/// What an attempt is told that takes the record over from the one that made it.
fn left_by(first: &Claim) -> Won {
    Won {
        generation: first.attempt,
        abandoned: 1,
        taken_from: Some(first.attempt),
        provisional: None,
    }
}
