//! A store that fails on command, and tells what it was asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::Outcome;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Record, Resolution, Store, StoreError, StoreFuture, Survives,
};
use tokio::sync::Semaphore;

use crate::{Gate, within_a_minute};

/// A step of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Step {
    Claim,
    Renew,
    Publish,
    Complete,
    Release,
    Load,
    Forget,
    Resolve,
    Sweep,
}

/// When a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before it took effect.
    Before,
    /// After it took effect: the acknowledgement is lost.
    After,
    /// It does not fail, and never answers.
    Never,
}

/// A store around another. Clones are one store.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    failures: HashMap<Step, (When, usize)>,
    seen: HashMap<Step, Arc<Semaphore>>,
    counts: HashMap<Step, usize>,
    claims: Vec<Claim>,
    claims_at: Option<Gate>,
}

impl FaultyStore {
    /// A store that does not fail yet.
    pub fn new(inner: impl Store) -> Self {
        Self {
            inner: Arc::new(inner),
            plan: Arc::default(),
        }
    }

    /// Makes the next `times` of a step fail.
    pub fn fail(&self, step: Step, when: When, times: usize) {
        self.plan
            .lock()
            .unwrap()
            .failures
            .insert(step, (when, times));
    }

    /// Forgets what was sent and answered so far, as by the set-up of a handle.
    pub fn forget_the_past(&self) {
        let mut plan = self.plan.lock().unwrap();
        plan.seen.clear();
        plan.counts.clear();
        plan.claims.clear();
    }

    /// Lets a step succeed again.
    pub fn heal(&self, step: Step) {
        self.plan.lock().unwrap().failures.remove(&step);
    }

    /// Waits until a step has been answered once more than it was waited for.
    pub async fn answered(&self, step: Step) {
        let seen = Arc::clone(
            self.plan
                .lock()
                .unwrap()
                .seen
                .entry(step)
                .or_insert_with(closed),
        );
        within_a_minute("the step is answered", seen.acquire())
            .await
            .unwrap()
            .forget();
    }

    /// Holds every claim back, after it took effect, until the gate lets it through.
    pub fn hold_claims(&self, gate: Gate) {
        self.plan.lock().unwrap().claims_at = Some(gate);
    }

    /// The claims that were sent, in their order.
    pub fn claims(&self) -> Vec<Claim> {
        self.plan.lock().unwrap().claims.clone()
    }

    /// The record that was claimed last.
    pub fn last_claimed(&self) -> RecordId {
        self.plan.lock().unwrap().claims.last().unwrap().record
    }

    /// How often a step was sent.
    pub fn sent(&self, step: Step) -> usize {
        self.plan
            .lock()
            .unwrap()
            .counts
            .get(&step)
            .copied()
            .unwrap_or_default()
    }

    fn begin(&self, step: Step) -> Option<When> {
        let mut plan = self.plan.lock().unwrap();
        *plan.counts.entry(step).or_default() += 1;
        let (when, left) = plan.failures.get_mut(&step)?;
        *left = left.checked_sub(1)?;
        Some(*when)
    }

    fn through<'a, T: Send + 'a>(
        &'a self,
        step: Step,
        inner: StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let answer = match self.begin(step) {
                Some(When::Before) => Err(StoreError::unavailable("failed before it took effect")),
                Some(When::Never) => std::future::pending().await,
                Some(When::After) => {
                    inner.await?;
                    Err(StoreError::unavailable("failed after it took effect"))
                }
                None => inner.await,
            };
            self.plan
                .lock()
                .unwrap()
                .seen
                .entry(step)
                .or_insert_with(closed)
                .add_permits(1);
            answer
        })
    }
}

fn closed() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultyStore").field(&self.inner).finish()
    }
}

impl Store for FaultyStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        let gate = {
            let mut plan = self.plan.lock().unwrap();
            plan.claims.push(claim.clone());
            plan.claims_at.clone()
        };
        self.through(
            Step::Claim,
            Box::pin(async move {
                let answer = self.inner.claim(claim).await;
                if let Some(gate) = gate {
                    gate.pass().await;
                }
                answer
            }),
        )
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Renew,
            Box::pin(async move { self.inner.renew(record, attempt, lease).await }),
        )
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Publish,
            Box::pin(async move { self.inner.publish(record, attempt, outcome).await }),
        )
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Complete,
            Box::pin(async move { self.inner.complete(record, attempt, completion).await }),
        )
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Release,
            Box::pin(async move { self.inner.release(record, attempt).await }),
        )
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        self.through(
            Step::Load,
            Box::pin(async move { self.inner.load(record).await }),
        )
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Forget,
            Box::pin(async move { self.inner.forget(record, seen).await }),
        )
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        self.through(
            Step::Resolve,
            Box::pin(async move { self.inner.resolve(record, seen, attempt, resolution).await }),
        )
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        self.through(
            Step::Sweep,
            Box::pin(async move { self.inner.sweep(limit).await }),
        )
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        self.inner.survives()
    }
}
