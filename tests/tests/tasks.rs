//! The door for plain async functions.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::task::{Attempt, Rejection, idempotent};
use idempotent_runtime::{Code, Idempotency, MemoryStore};
use idempotent_tests::{FaultyStore, Gate, Step, When, bounded};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Event {
    id: Option<String>,
    tenant: u64,
    amount: u64,
}

impl Event {
    fn new(id: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            tenant: 7,
            amount: 1299,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: usize,
    amount: u64,
}

/// An error that can be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Failure {
    Declined(usize),
    Refused(String),
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection.code().as_str().to_owned())
    }
}

/// An error that can't.
#[derive(Debug)]
enum Passing {
    Broken(usize),
    Rejected(Rejection),
}

impl From<Rejection> for Passing {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Passing {
    fn code(self) -> Code {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Broken(run) => panic!("run {run} broke"),
        }
    }
}

impl From<std::num::ParseIntError> for Passing {
    fn from(_: std::num::ParseIntError) -> Self {
        Self::Broken(0)
    }
}

struct Worker {
    idempotency: Idempotency,
    clock: ManualClock,
    runs: Arc<AtomicUsize>,
    gate: Gate,
}

impl Worker {
    async fn new() -> Self {
        Self::on(MemoryStore::new(), ManualClock::new()).await
    }

    async fn on(store: impl idempotent_runtime::store::Store, clock: ManualClock) -> Self {
        let builder = Idempotency::builder(store).clock(clock.clone());
        Self {
            idempotency: builder.build().await.unwrap(),
            clock,
            runs: Arc::default(),
            gate: Gate::new(),
        }
    }

    fn run(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    #[idempotent(
        key = event.id,
        scope = event.tenant,
        operation = "pay",
        fingerprint = event.amount,
        store = self.idempotency
    )]
    async fn pay(&self, event: &Event) -> Result<Receipt, Passing> {
        let number = self.run();
        let amount = event.amount.to_string().parse()?;
        Ok(Receipt { number, amount })
    }

    #[idempotent(
        key = event.id,
        scope = event.tenant,
        operation = "slow",
        fingerprint = none,
        deadline = "1m",
        store = self.idempotency
    )]
    async fn slow(&self, event: &Event) -> Result<usize, Passing> {
        let run = self.run();
        self.gate.pass().await;
        Ok(run)
    }

    #[idempotent(
        key = event.id,
        scope = event.tenant,
        operation = "wait",
        fingerprint = none,
        pending = wait("5s"),
        store = self.idempotency
    )]
    async fn waits(&self, event: &Event) -> Result<usize, Passing> {
        let run = self.run();
        self.gate.pass().await;
        Ok(run)
    }

    #[idempotent(
        key = id,
        scope = global,
        operation = "break",
        fingerprint = none,
        store = self.idempotency
    )]
    async fn breaks(&self, id: &str) -> Result<usize, Passing> {
        Err(Passing::Broken(self.run()))
    }

    #[idempotent(
        key = id,
        scope = global,
        operation = "fail",
        fingerprint = none,
        store = self.idempotency
    )]
    async fn fails(&self, id: &str) -> Result<usize, Failure> {
        Err(Failure::Declined(self.run()))
    }

    #[idempotent(
        key = id,
        scope = global,
        operation = "fail and release",
        fingerprint = none,
        release = failures,
        store = self.idempotency
    )]
    async fn fails_and_releases(&self, id: &str) -> Result<usize, Failure> {
        Err(Failure::Declined(self.run()))
    }
}

#[tokio::test]
async fn a_duplicate_gets_the_recorded_value_typed() {
    let worker = Worker::new().await;
    let first = worker.pay(&Event::new("a")).await.unwrap();
    assert_eq!(worker.pay(&Event::new("a")).await.unwrap(), first);
    assert_eq!(worker.pay(&Event::new("b")).await.unwrap().number, 2);
    assert_eq!(worker.runs(), 2);
}

#[tokio::test]
async fn another_scope_is_another_call_and_other_arguments_are_refused() {
    let worker = Worker::new().await;
    let event = Event::new("a");
    worker.pay(&event).await.unwrap();
    let elsewhere = Event {
        tenant: 8,
        ..event.clone()
    };
    assert_eq!(worker.pay(&elsewhere).await.unwrap().number, 2);
    let other = Event { amount: 1, ..event };
    let refused = worker.pay(&other).await.unwrap_err();
    assert_eq!(refused.code(), Code::Mismatch);
    assert_eq!(worker.runs(), 2);
}

#[tokio::test]
async fn a_call_without_a_key_is_refused_and_one_with_a_bad_key_too() {
    let worker = Worker::new().await;
    let without = Event {
        id: None,
        ..Event::new("")
    };
    let missing = worker.pay(&without).await.unwrap_err();
    assert_eq!(missing.code(), Code::KeyMissing);
    let empty = worker.pay(&Event::new("")).await.unwrap_err();
    assert_eq!(empty.code(), Code::KeyInvalid);
    assert_eq!(worker.runs(), 0);
}

#[tokio::test]
async fn a_duplicate_of_a_running_call_is_refused_and_retriable() {
    let worker = Worker::new().await;
    let event = Event::new("a");
    let first = worker.slow(&event);
    tokio::pin!(first);
    assert!(futures_util::poll!(&mut first).is_pending());
    assert_eq!(worker.idempotency.in_flight(), 1);
    let refused = worker.slow(&event).await.unwrap_err();
    let Passing::Rejected(rejection) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(rejection.code(), Code::Pending);
    assert!(rejection.is_retriable());
    worker.gate.let_one_through();
    assert_eq!(bounded(first).await.unwrap(), 1);
    assert_eq!(worker.idempotency.in_flight(), 0);
}

#[tokio::test]
async fn a_duplicate_waits_for_the_value_where_it_says_so() {
    let worker = Worker::new().await;
    let event = Event::new("a");
    let first = worker.waits(&event);
    let second = worker.waits(&event);
    tokio::pin!(first, second);
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending());
    worker.gate.let_one_through();
    assert_eq!(bounded(first).await.unwrap(), 1);
    assert_eq!(bounded(second).await.unwrap(), 1);
    assert_eq!(worker.runs(), 1);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_abandoned_and_may_run_again_at_once() {
    let worker = Worker::new().await;
    let event = Event::new("a");
    {
        let first = worker.slow(&event);
        tokio::pin!(first);
        assert!(futures_util::poll!(&mut first).is_pending());
    }
    bounded(worker.idempotency.shutdown(Duration::from_hours(1))).await;
    worker.gate.let_one_through();
    // Not after its lease: the clock stands still.
    assert_eq!(worker.slow(&event).await.unwrap(), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_claims_leaves_nothing_behind() {
    let clock = ManualClock::new();
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let store = FaultyStore::new(memory);
    let worker = Worker::on(store.clone(), clock).await;
    let event = Event::new("a");
    store.forget_the_past();
    store.fail(Step::Claim, When::Late, 1);
    {
        let first = worker.slow(&event);
        tokio::pin!(first);
        assert!(futures_util::poll!(&mut first).is_pending());
    }
    store.answered(Step::Withdraw).await;
    store.late().let_one_through();
    // The claim that was on its way finds out that it was withdrawn.
    store.answered(Step::Claim).await;
    worker.gate.let_one_through();
    assert_eq!(bounded(worker.slow(&event)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_outcome_that_is_on_its_way_when_its_call_is_dropped_is_recorded() {
    let clock = ManualClock::new();
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let store = FaultyStore::new(memory);
    let worker = Worker::on(store.clone(), clock).await;
    let event = Event::new("a");
    worker.gate.let_one_through();
    store.forget_the_past();
    store.fail(Step::Complete, When::Late, 1);
    {
        let first = worker.slow(&event);
        tokio::pin!(first);
        until_pending_at(&store, Step::Complete, first.as_mut()).await;
    }
    bounded(worker.idempotency.shutdown(Duration::from_hours(1))).await;
    assert_eq!(bounded(worker.slow(&event)).await.unwrap(), 1);
    assert_eq!(worker.runs(), 1);
}

/// Polls a call until the store has been sent this step.
async fn until_pending_at<T>(
    store: &FaultyStore,
    step: Step,
    mut call: std::pin::Pin<&mut impl Future<Output = T>>,
) {
    while store.sent(step) == 0 {
        assert!(futures_util::poll!(call.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_recorded_gives_the_key_back() {
    let worker = Worker::new().await;
    for run in 1..=2 {
        assert!(matches!(worker.breaks("a").await, Err(Passing::Broken(broken)) if broken == run));
    }
}

#[tokio::test]
async fn an_error_that_can_be_recorded_is_replayed_typed_unless_it_is_released() {
    let worker = Worker::new().await;
    for _ in 0..2 {
        assert_eq!(worker.fails("a").await, Err(Failure::Declined(1)));
    }
    for run in 2..=3 {
        let failed = worker.fails_and_releases("a").await;
        assert_eq!(failed, Err(Failure::Declined(run)));
    }
}

#[tokio::test]
async fn a_call_that_passes_its_deadline_is_abandoned() {
    let worker = Worker::new().await;
    let event = Event::new("a");
    let first = worker.slow(&event);
    tokio::pin!(first);
    assert!(futures_util::poll!(&mut first).is_pending());
    worker.clock.advance(Duration::from_mins(1));
    let refused = bounded(first).await.unwrap_err();
    assert_eq!(refused.code(), Code::Pending);
    worker.gate.let_one_through();
    assert_eq!(worker.slow(&event).await.unwrap(), 2);
}

#[tokio::test]
async fn a_panic_is_passed_on_and_abandons_the_attempt() {
    #[idempotent(
        key = id,
        scope = global,
        operation = "panic",
        fingerprint = none,
        store = idempotency
    )]
    async fn panics(idempotency: Idempotency, id: u64, attempt: Attempt) -> Result<u32, Passing> {
        assert!(attempt.is_rerun(), "the first run panics");
        Ok(attempt.abandoned())
    }
    let idempotency = Idempotency::new(MemoryStore::new());
    let first = tokio::spawn(panics(idempotency.clone(), 5));
    assert!(first.await.unwrap_err().is_panic());
    assert_eq!(panics(idempotency, 5).await.unwrap(), 1);
}

#[tokio::test]
async fn a_value_that_was_recorded_as_another_type_is_not_given_and_runs_nothing() {
    #[idempotent(key = id, scope = global, operation = "same", fingerprint = none, store = idempotency)]
    async fn earlier(idempotency: &Idempotency, id: u64) -> Result<String, Rejection> {
        Ok("a text".to_owned())
    }
    #[idempotent(key = id, scope = global, operation = "same", fingerprint = none, store = idempotency)]
    async fn later(idempotency: &Idempotency, id: u64) -> Result<u64, Rejection> {
        unreachable!("it ran before")
    }
    let idempotency = Idempotency::new(MemoryStore::new());
    earlier(&idempotency, 1).await.unwrap();
    let refused = later(&idempotency, 1).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutcomeNotKept);
}

#[tokio::test]
async fn maps_are_compared_by_value() {
    use std::collections::HashMap;

    #[idempotent(key = kind.len(), scope = global, operation = "map", fingerprint = (map, kind), store = idempotency)]
    async fn count(
        idempotency: &Idempotency,
        map: HashMap<String, u64>,
        kind: &str,
    ) -> Result<usize, Rejection> {
        Ok(map.len())
    }
    let idempotency = Idempotency::new(MemoryStore::new());
    let map = || (0..20).map(|n| (n.to_string(), n)).collect();
    for _ in 0..5 {
        // Each has an order of its own.
        assert_eq!(count(&idempotency, map(), "k").await, Ok(20));
    }
    let refused = count(&idempotency, map(), "l").await.unwrap_err();
    assert_eq!(refused.code(), Code::Mismatch);
}

#[tokio::test]
async fn what_is_published_is_shown_while_the_body_runs() {
    #[idempotent(
        key = id,
        scope = global,
        operation = "import",
        fingerprint = none,
        pending = provisional("5s"),
        store = idempotency
    )]
    async fn import(
        idempotency: &Idempotency,
        id: &str,
        gate: &Gate,
        attempt: Attempt,
    ) -> Result<Receipt, Rejection> {
        let started = Receipt {
            number: 0,
            amount: 0,
        };
        attempt.publish(&started).await.unwrap();
        gate.pass().await;
        Ok(Receipt {
            number: 1,
            amount: 1,
        })
    }
    let (idempotency, gate) = (Idempotency::new(MemoryStore::new()), Gate::new());
    let first = import(&idempotency, "a", &gate);
    tokio::pin!(first);
    assert!(futures_util::poll!(&mut first).is_pending());
    let shown = bounded(import(&idempotency, "a", &gate)).await.unwrap();
    assert_eq!(shown.number, 0);
    gate.let_one_through();
    assert_eq!(bounded(first).await.unwrap().number, 1);
    assert_eq!(import(&idempotency, "a", &gate).await.unwrap().number, 1);
}

#[tokio::test]
async fn a_disabled_handle_runs_every_call() {
    let worker = Worker {
        idempotency: Idempotency::disabled(),
        clock: ManualClock::new(),
        runs: Arc::default(),
        gate: Gate::new(),
    };
    let without = Event {
        id: None,
        ..Event::new("")
    };
    assert_eq!(worker.pay(&without).await.unwrap().number, 1);
    assert_eq!(worker.pay(&without).await.unwrap().number, 2);
}

#[tokio::test]
async fn a_store_that_is_down_is_told_as_retriable() {
    let clock = ManualClock::new();
    let store = FaultyStore::new(MemoryStore::new());
    let worker = Worker::on(store.clone(), clock).await;
    store.fail(Step::Claim, When::NotSent, 9);
    let refused = bounded(worker.pay(&Event::new("a"))).await.unwrap_err();
    assert_eq!(refused.code(), Code::StoreUnavailable);
    assert_eq!(worker.runs(), 0);
}

mod forms {
    //! Every form of a function.

    use std::fmt::Debug;
    use std::pin::Pin;

    use serde::de::DeserializeOwned;

    use super::*;

    struct Counter {
        idempotency: Idempotency,
        runs: usize,
    }

    impl Counter {
        fn new() -> Self {
            Self {
                idempotency: Idempotency::new(MemoryStore::new()),
                runs: 0,
            }
        }

        #[idempotent(key = key, scope = global, operation = "mut", fingerprint = none, store = self.idempotency)]
        async fn by_mutable_reference(&mut self, key: u64) -> Result<usize, Rejection> {
            self.runs += 1;
            Ok(self.runs)
        }

        #[idempotent(key = key, scope = global, operation = "value", fingerprint = none, store = self.idempotency)]
        async fn by_value(mut self, key: u64) -> Result<usize, Rejection> {
            self.runs += 1;
            Ok(self.runs)
        }

        #[idempotent(key = key, scope = global, operation = "future", fingerprint = none, store = self.idempotency)]
        fn returns_a_future(&mut self, key: u64) -> impl Future<Output = Result<usize, Rejection>> {
            self.runs += 1;
            let runs = self.runs;
            async move { Ok(runs) }
        }

        #[idempotent(key = key, scope = global, operation = "boxed", fingerprint = none, store = self.idempotency)]
        fn returns_a_box(
            &mut self,
            key: u64,
        ) -> Pin<Box<dyn Future<Output = Result<usize, Rejection>> + Send + '_>> {
            Box::pin(async move {
                self.runs += 1;
                Ok(self.runs)
            })
        }
    }

    #[tokio::test]
    async fn of_every_receiver_and_every_future() {
        let mut counter = Counter::new();
        for _ in 0..2 {
            assert_eq!(counter.by_mutable_reference(1).await, Ok(1));
            assert_eq!(counter.returns_a_future(1).await, Ok(2));
            assert_eq!(counter.returns_a_box(1).await, Ok(3));
        }
        assert_eq!(counter.by_value(1).await, Ok(4));
    }

    trait Native {
        async fn native(&self, key: &str) -> Result<String, Rejection>;
    }

    #[async_trait::async_trait]
    trait Boxed: Sync {
        async fn boxed(&self, key: &str) -> Result<String, Rejection>;
    }

    impl Native for Worker {
        #[idempotent(key = key, scope = global, operation = "native", fingerprint = none, store = self.idempotency)]
        async fn native(&self, key: &str) -> Result<String, Rejection> {
            Ok(format!("{key} {}", self.run()))
        }
    }

    #[async_trait::async_trait]
    impl Boxed for Worker {
        #[idempotent(key = key, scope = global, operation = "boxed", fingerprint = none, store = self.idempotency)]
        async fn boxed(&self, key: &str) -> Result<String, Rejection> {
            Ok(format!("{key} {}", self.run()))
        }
    }

    #[tokio::test]
    async fn of_traits() {
        let worker = Worker::new().await;
        for _ in 0..2 {
            assert_eq!(worker.native("k").await, Ok("k 1".to_owned()));
        }
        let dynamic: &dyn Boxed = &worker;
        for _ in 0..2 {
            assert_eq!(dynamic.boxed("k").await, Ok("k 2".to_owned()));
        }
    }

    #[idempotent(key = key, scope = scope, operation = "generic", fingerprint = value, store = idempotency)]
    async fn generic<T>(
        idempotency: &Idempotency,
        key: &str,
        scope: u64,
        value: T,
    ) -> Result<T, Rejection>
    where
        T: Clone + Debug + Serialize + DeserializeOwned,
    {
        Ok(value.clone())
    }

    /// What can't fail says that it was refused in a type of its own.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Said {
        Done(String),
        Refused,
    }

    impl From<Rejection> for Said {
        fn from(_: Rejection) -> Self {
            Self::Refused
        }
    }

    #[idempotent(key = key, scope = global, operation = "say", fingerprint = text, store = idempotency)]
    async fn say(idempotency: &Idempotency, key: &str, text: &str) -> Said {
        Said::Done(text.to_owned())
    }

    #[tokio::test]
    async fn of_generic_functions_and_functions_without_a_result() {
        let idempotency = Idempotency::new(MemoryStore::new());
        assert_eq!(
            generic(&idempotency, "a", 1, vec![1, 2]).await,
            Ok(vec![1, 2])
        );
        assert_eq!(
            generic(&idempotency, "b", 1, "x".to_owned()).await,
            Ok("x".to_owned())
        );
        let done = Said::Done("x".to_owned());
        assert_eq!(say(&idempotency, "a", "x").await, done);
        assert_eq!(say(&idempotency, "a", "x").await, done);
        assert_eq!(say(&idempotency, "a", "y").await, Said::Refused);
    }

    #[tokio::test]
    async fn of_futures_that_are_not_send() {
        #[idempotent(key = **number, scope = global, operation = "local", fingerprint = none, store = idempotency)]
        async fn local(
            idempotency: &Idempotency,
            number: &std::rc::Rc<u64>,
        ) -> Result<u64, Rejection> {
            tokio::task::yield_now().await;
            Ok(**number)
        }
        let idempotency = Idempotency::new(MemoryStore::new());
        assert_eq!(local(&idempotency, &std::rc::Rc::new(3)).await, Ok(3));
    }
}
