//! The scripts decide what the transitions decide.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::{Clock as _, ManualClock};
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::transition::{self, Change, Row};
use idempotent_runtime::store::{
    Claim, Label, List, Listed, RedisStore, RedisStoreOptions, Resolution, Store, Takeover, Which,
};
use idempotent_test_servers::redis_url;
use idempotent_tests::OwnRecords;
use proptest::prelude::*;

use crate::support::{completion, outcome};

/// The record's state as the transitions make it, beside the store's.
struct Both {
    store: RedisStore,
    clock: ManualClock,
    record: RecordId,
    row: Option<Row>,
}

#[derive(Clone, Debug)]
enum Step {
    Claim(Claim),
    Withdraw(Claim),
    Renew(AttemptId, Duration),
    Publish(AttemptId),
    Complete(AttemptId, bool),
    Release(AttemptId),
    Forget(AttemptId),
    Resolve(AttemptId, AttemptId, bool),
    Wait(Duration),
}

impl Both {
    async fn take(&mut self, step: Step) {
        let shown = format!("{step:?} on {:?}", self.row);
        match step {
            Step::Claim(mut claim) => {
                claim.record = self.record;
                let expected = self.decide(|row, now| transition::claim(row, &claim, now));
                assert_eq!(self.store.claim(claim).await.unwrap(), expected, "{shown}");
            }
            Step::Wait(time) => self.clock.advance(time),
            step => {
                let (expected, answer) = self.fenced(step).await;
                assert_eq!(answer, expected, "{shown}");
            }
        }
        self.compare(&shown).await;
    }

    async fn fenced(
        &mut self,
        step: Step,
    ) -> (
        idempotent_runtime::store::Fence,
        idempotent_runtime::store::Fence,
    ) {
        let (store, record) = (self.store.clone(), self.record);
        match step {
            Step::Withdraw(mut claim) => {
                claim.record = record;
                let expected = self.decide(|row, now| transition::withdraw(row, &claim, now));
                (expected, store.withdraw(claim).await.unwrap())
            }
            Step::Renew(attempt, lease) => (
                self.decide(|row, now| transition::renew(row, attempt, lease, now)),
                store.renew(record, attempt, lease).await.unwrap(),
            ),
            Step::Publish(attempt) => (
                self.decide(|row, _| transition::publish(row, attempt, outcome("begun"))),
                store
                    .publish(record, attempt, outcome("begun"))
                    .await
                    .unwrap(),
            ),
            Step::Complete(attempt, for_ever) => {
                let ttl = ttl(for_ever);
                (
                    self.decide(|row, now| {
                        transition::complete(row, attempt, completion(ttl), now)
                    }),
                    store
                        .complete(record, attempt, completion(ttl))
                        .await
                        .unwrap(),
                )
            }
            Step::Release(attempt) => (
                self.decide(|row, now| transition::release(row, attempt, now)),
                store.release(record, attempt).await.unwrap(),
            ),
            Step::Forget(attempt) => (
                self.decide(|row, _| transition::forget(row, attempt)),
                store.forget(record, attempt).await.unwrap(),
            ),
            Step::Resolve(seen, attempt, completes) => {
                let resolution = if completes {
                    Resolution::Complete(completion(Ttl::hours(1)))
                } else {
                    Resolution::Release
                };
                let same = resolution.clone();
                (
                    self.decide(|row, now| transition::resolve(row, seen, attempt, same, now)),
                    store
                        .resolve(record, seen, attempt, resolution)
                        .await
                        .unwrap(),
                )
            }
            Step::Claim(_) | Step::Wait(_) => unreachable!(),
        }
    }

    fn decide<A>(
        &mut self,
        decide: impl FnOnce(Option<&Row>, idempotent_runtime::clock::Timestamp) -> (Change, A),
    ) -> A {
        let (change, answer) = decide(self.row.as_ref(), self.clock.now());
        match change {
            Change::Keep => {}
            Change::Put(row) => self.row = Some(row),
            Change::Remove => self.row = None,
        }
        answer
    }

    async fn compare(&self, step: &str) {
        let now = self.clock.now();
        let loaded = self.store.load(self.record).await.unwrap();
        assert_eq!(loaded, transition::load(self.row.as_ref(), now), "{step}");
        let list = List::new(Which::All).limit(1_000);
        let expected: Option<Listed> = self
            .row
            .as_ref()
            .and_then(|row| transition::listed(self.record, row, &list, now));
        assert_eq!(self.listed(list).await, expected, "{step}");
    }

    async fn listed(&self, mut list: List) -> Option<Listed> {
        loop {
            let page = self.store.list(list.clone()).await.unwrap();
            let found = page.records.into_iter().next();
            match page.next {
                None => return found,
                Some(_) if found.is_some() => return found,
                Some(next) => list = list.after(next),
            }
        }
    }
}

/// Redis's own clock takes nothing away meanwhile.
fn ttl(for_ever: bool) -> Ttl {
    if for_ever {
        Ttl::Forever
    } else {
        Ttl::hours(1)
    }
}

fn attempt() -> impl Strategy<Value = AttemptId> {
    (1_u8..4).prop_map(|number| AttemptId::from_bytes([number; 16]))
}

fn lease() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::from_secs(30)),
        Just(Duration::from_mins(1))
    ]
}

fn claim() -> impl Strategy<Value = Claim> {
    let takeover = prop_oneof![
        Just(Takeover::Never),
        Just(Takeover::Abandoned),
        attempt().prop_map(Takeover::From),
        (1_u32..4).prop_map(Takeover::UpTo),
    ];
    let label = prop_oneof![Just(("", "")), Just(("billing", "POST /orders/{}"))];
    (attempt(), lease(), takeover, label, 1_u8..3, any::<bool>()).prop_map(
        |(attempt, lease, takeover, (namespace, operation), fingerprint, is_kept)| {
            let claim = Claim::new(
                RecordId::from_bytes([0; 32]),
                Fingerprint::from_bytes([fingerprint; 32]),
                attempt,
                lease,
            )
            .takeover(takeover)
            .label(Label::new(namespace, operation));
            if is_kept {
                claim.keep_abandoned(Duration::from_mins(10))
            } else {
                claim
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => claim().prop_map(Step::Claim),
        2 => claim().prop_map(Step::Withdraw),
        2 => (attempt(), lease()).prop_map(|(attempt, lease)| Step::Renew(attempt, lease)),
        1 => attempt().prop_map(Step::Publish),
        1 => (attempt(), any::<bool>()).prop_map(|(attempt, ever)| Step::Complete(attempt, ever)),
        1 => attempt().prop_map(Step::Release),
        1 => attempt().prop_map(Step::Forget),
        1 => (attempt(), attempt(), any::<bool>())
            .prop_map(|(seen, attempt, completes)| Step::Resolve(seen, attempt, completes)),
        2 => prop_oneof![Just(1_u64), Just(30), Just(60), Just(700), Just(3_600)]
            .prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
    ]
}

#[test]
fn the_scripts_decide_as_the_transitions_do() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let records = OwnRecords::at(redis_url());
    let config = ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in proptest::collection::vec(step(), 1..30))| {
        let clock = ManualClock::new();
        let options = RedisStoreOptions::new()
            .prefix(format!("{}:{}", records.name(), AttemptId::random()))
            .clock(Arc::new(clock.clone()));
        runtime.block_on(async {
            let store = options.connect(records.url()).await.unwrap();
            let record = RecordId::from_bytes([7; 32]);
            let mut both = Both { store, clock, record, row: None };
            for step in steps {
                both.take(step).await;
            }
        });
    });
}
