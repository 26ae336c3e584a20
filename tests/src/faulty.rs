//! A store that fails on command, and tells what it was asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::Outcome;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, List, Page, Record, Resolution, Store, StoreError,
    StoreFuture, Survives,
};
use tokio::sync::Semaphore;

use crate::{Gate, within_a_minute};

/// A step of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Step {
    Claim,
    Withdraw,
    Renew,
    Publish,
    Complete,
    Release,
    Load,
    Forget,
    Resolve,
    List,
    Sweep,
}

/// When a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before it was sent, and at once.
    NotSent,
    /// Before it took effect, which its caller doesn't know.
    Before,
    /// After it took effect: the acknowledgement is lost.
    After,
    /// It does not fail, and never answers.
    Never,
    /// It hangs, and takes effect when [`late`](FaultyStore::late) lets it through, whether anybody still waits for it or
    /// not.
    Late,
    /// The store can't hold what it is to write.
    TooLarge,
    /// The store panics.
    Panics,
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
    stuck: Option<RecordId>,
    late: Gate,
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
        let seen = self.seen(step);
        within_a_minute("the step is answered", seen.acquire())
            .await
            .unwrap()
            .forget();
    }

    /// Holds every claim back, after it took effect, until the gate lets it through.
    pub fn hold_claims(&self, gate: Gate) {
        self.plan.lock().unwrap().claims_at = Some(gate);
    }

    /// Never answers renewals of this record, nor others that travel with them: as where somebody has locked its row.
    pub fn lock_row(&self, record: RecordId) {
        self.plan.lock().unwrap().stuck = Some(record);
    }

    /// The gate before which steps stand that hang and take effect late.
    pub fn late(&self) -> Gate {
        self.plan.lock().unwrap().late.clone()
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

    /// Sends a step as the plan says. What waits for the gate goes on in a task of its own, as a statement does that a
    /// server has received: dropping the step's future doesn't stop it.
    fn through<T, F>(
        &self,
        step: Step,
        send: impl FnOnce(Arc<dyn Store>) -> F + Send + 'static,
    ) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        Box::pin(async move {
            let sent = send(Arc::clone(&self.inner));
            let answer = match self.begin(step) {
                Some(When::NotSent) => Err(StoreError::not_sent("connection refused")),
                Some(When::Before) => Err(StoreError::unknown("failed before it took effect")),
                Some(When::TooLarge) => Err(StoreError::too_large("packet too large")),
                Some(When::Panics) => panic!("the store panics, as it was told"),
                Some(When::Never) => std::future::pending().await,
                Some(When::Late) => {
                    let (late, seen) = (self.late(), self.seen(step));
                    let sent = tokio::spawn(async move {
                        late.pass().await;
                        let answer = sent.await;
                        seen.add_permits(1);
                        answer
                    });
                    return sent.await.unwrap();
                }
                Some(When::After) => {
                    sent.await?;
                    Err(StoreError::unknown("failed after it took effect"))
                }
                None => sent.await,
            };
            self.seen(step).add_permits(1);
            answer
        })
    }

    fn seen(&self, step: Step) -> Arc<Semaphore> {
        let mut plan = self.plan.lock().unwrap();
        Arc::clone(plan.seen.entry(step).or_insert_with(closed))
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
        self.through(Step::Claim, |store| async move {
            let answer = store.claim(claim).await;
            if let Some(gate) = gate {
                gate.pass().await;
            }
            answer
        })
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        self.through(Step::Withdraw, move |store| async move {
            store.withdraw(claim).await
        })
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        let is_stuck = self.plan.lock().unwrap().stuck == Some(record);
        self.through(Step::Renew, move |store| async move {
            if is_stuck {
                std::future::pending::<()>().await;
            }
            store.renew(record, attempt, lease).await
        })
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        self.through(Step::Publish, move |store| async move {
            store.publish(record, attempt, outcome).await
        })
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        self.through(Step::Complete, move |store| async move {
            store.complete(record, attempt, completion).await
        })
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.through(Step::Release, move |store| async move {
            store.release(record, attempt).await
        })
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        self.through(
            Step::Load,
            move |store| async move { store.load(record).await },
        )
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        self.through(Step::Forget, move |store| async move {
            store.forget(record, seen).await
        })
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        self.through(Step::Resolve, move |store| async move {
            store.resolve(record, seen, attempt, resolution).await
        })
    }

    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        self.through(
            Step::List,
            move |store| async move { store.list(list).await },
        )
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
        self.through(
            Step::Sweep,
            move |store| async move { store.sweep(limit).await },
        )
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        self.inner.survives()
    }

    fn wrapped(&self) -> Option<&dyn Store> {
        Some(&*self.inner)
    }
}
