//! The statements decide as the transitions do: random steps on a few records, by both, from the same clock.

use std::collections::HashMap;
use std::sync::Arc;

use idempotent_runtime::clock::{Clock, ManualClock};
use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store::transition::{self, Change, Row};
use idempotent_runtime::store::{List, Resolution, Store, Which};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

const RECORDS: u64 = 3;
const STEPS: usize = 600;

#[derive(Clone, Debug)]
enum Step {
    Claim(Claim),
    Withdraw(Claim),
    Renew(AttemptId, Duration),
    Publish(AttemptId, Outcome),
    Complete(AttemptId, Completion),
    Release(AttemptId),
    Forget(AttemptId),
    Resolve(AttemptId, AttemptId, Resolution),
    Wait(Duration),
}

/// Times are so few that they meet.
fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(10), Just(20), Just(1), Just(0)].prop_map(Duration::from_millis)
}

fn attempt() -> impl Strategy<Value = AttemptId> {
    (1..=3_u8).prop_map(|byte| AttemptId::from_bytes([byte; 16]))
}

fn takeover() -> impl Strategy<Value = Takeover> {
    prop_oneof![
        Just(Takeover::Never),
        Just(Takeover::Abandoned),
        attempt().prop_map(Takeover::From),
        (0..4_u32).prop_map(Takeover::UpTo),
    ]
}

fn claims() -> impl Strategy<Value = Claim> {
    let keep = proptest::option::of(time());
    let fingerprint = prop_oneof![4 => Just(1_u8), 1 => Just(2)];
    // A lease that is over when it begins has no winner to compare.
    let lease = time().prop_filter("a lease", |lease| !lease.is_zero());
    (
        fingerprint,
        attempt(),
        lease,
        takeover(),
        keep,
        "[a-c'\\\\é]{0,3}",
    )
        .prop_map(|(fingerprint, attempt, lease, takeover, keep, text)| {
            let fingerprint = Fingerprint::from_bytes([fingerprint; 32]);
            let mut claim = Claim::new(record(0), fingerprint, attempt, lease)
                .takeover(takeover)
                .label(Label::new(text.clone(), text));
            claim.keep_abandoned = keep;
            claim
        })
}

fn completions() -> impl Strategy<Value = Completion> {
    let ttl = prop_oneof![
        Just(Ttl::Forever),
        Just(Ttl::After(Duration::from_millis(15)))
    ];
    let disposition = prop_oneof![Just(Disposition::Completed), Just(Disposition::FailedFinal)];
    let outcome = proptest::option::of("[a-c]{0,3}");
    (disposition, outcome, ttl).prop_map(|(disposition, body, ttl)| {
        Completion::new(disposition, body.map(|body| outcome_of(&body)), ttl)
    })
}

fn outcome_of(body: &str) -> Outcome {
    outcome(body)
}

fn steps() -> impl Strategy<Value = Step> {
    let resolution = prop_oneof![
        Just(Resolution::Release),
        completions().prop_map(Resolution::Complete)
    ];
    prop_oneof![
        6 => claims().prop_map(Step::Claim),
        2 => claims().prop_map(Step::Withdraw),
        2 => (attempt(), time()).prop_map(|(attempt, lease)| Step::Renew(attempt, lease)),
        1 => (attempt(), "[a-c]{0,3}").prop_map(|(it, body)| Step::Publish(it, outcome(&body))),
        1 => (attempt(), completions()).prop_map(|(it, completion)| Step::Complete(it, completion)),
        1 => attempt().prop_map(Step::Release),
        1 => attempt().prop_map(Step::Forget),
        1 => (attempt(), attempt(), resolution).prop_map(|(seen, it, how)| Step::Resolve(seen, it, how)),
        2 => time().prop_map(Step::Wait),
    ]
}

struct Model {
    rows: HashMap<RecordId, Row>,
    clock: ManualClock,
}

impl Model {
    fn decide<A>(&mut self, record: RecordId, decided: (Change, A)) -> A {
        match decided.0 {
            Change::Keep => {}
            Change::Put(row) => drop(self.rows.insert(record, row)),
            Change::Remove => drop(self.rows.remove(&record)),
        }
        decided.1
    }

    async fn assert_same(&mut self, store: &MySqlStore, record: RecordId, step: Step) {
        let (now, told) = (self.clock.now(), format!("{step:?}"));
        let row = self.rows.get(&record).cloned();
        let row = row.as_ref();
        let (expected, is) = match step {
            Step::Wait(time) => return self.clock.advance(time),
            Step::Claim(mut claim) => {
                claim.record = record;
                let expected = self.decide(record, transition::claim(row, &claim, now));
                assert_eq!(
                    store.claim(claim).await.unwrap(),
                    expected,
                    "{told} on {row:?}"
                );
                return;
            }
            Step::Withdraw(mut claim) => {
                claim.record = record;
                let decided = transition::withdraw(row, &claim, now);
                (decided, store.withdraw(claim).await)
            }
            Step::Renew(it, lease) => (
                transition::renew(row, it, lease, now),
                store.renew(record, it, lease).await,
            ),
            Step::Publish(it, outcome) => (
                transition::publish(row, it, outcome.clone()),
                store.publish(record, it, outcome).await,
            ),
            Step::Complete(it, completion) => (
                transition::complete(row, it, completion.clone(), now),
                store.complete(record, it, completion).await,
            ),
            Step::Release(it) => (
                transition::release(row, it, now),
                store.release(record, it).await,
            ),
            Step::Forget(seen) => (
                transition::forget(row, seen),
                store.forget(record, seen).await,
            ),
            Step::Resolve(seen, it, how) => (
                transition::resolve(row, seen, it, how.clone(), now),
                store.resolve(record, seen, it, how).await,
            ),
        };
        let expected = self.decide(record, expected);
        assert_eq!(is.unwrap(), expected, "{told} on {row:?}");
    }

    /// What callers see of every record is the same, and what is listed.
    async fn assert_reads(&self, store: &MySqlStore, told: &str) {
        let now = self.clock.now();
        for number in 0..RECORDS {
            let record = record(number);
            let row = self.rows.get(&record);
            let expected = transition::load(row, now);
            assert_eq!(
                store.load(record).await.unwrap(),
                expected,
                "{told}: {row:?}"
            );
        }
        for which in [
            Which::All,
            Which::Abandoned,
            Which::RunningLongerThan(Duration::from_millis(5)),
            Which::DoneWith(Disposition::FailedFinal),
            Which::ExpiringWithin(Duration::from_millis(10)),
        ] {
            let list = List::new(which);
            let mut expected: Vec<_> = self.rows.iter().collect();
            expected.sort_by_key(|(record, _)| **record);
            let expected: Vec<_> = expected
                .into_iter()
                .filter_map(|(record, row)| transition::listed(*record, row, &list, now))
                .collect();
            let mut listed = store.list(list).await.unwrap().records;
            listed.sort_by_key(|it| it.record);
            assert_eq!(listed, expected, "{told}: {which:?}");
        }
    }
}

async fn assert_decides_as_the_transitions(protocol: Protocol, seed: u8) {
    let table = Table::new();
    let clock = ManualClock::new();
    let options = table.options().protocol(protocol);
    let store = options.clock(Arc::new(clock.clone()));
    let store = store.connect(&mysql_url()).await.unwrap();
    store.migrate().await.unwrap();
    let mut model = Model {
        rows: HashMap::new(),
        clock,
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (0..RECORDS, steps());
    for round in 0..STEPS {
        let (number, step) = strategy.new_tree(&mut runner).unwrap().current();
        let told = format!("round {round}, {step:?} of record {number}");
        model.assert_same(&store, record(number), step).await;
        model.assert_reads(&store, &told).await;
        if round % 50 == 49 {
            let now = model.clock.now();
            let before = model.rows.len();
            model.rows.retain(|_, row| !row.is_removable(now));
            let swept = store.sweep(100).await.unwrap();
            assert_eq!(swept, before - model.rows.len(), "{told}");
        }
    }
}

#[tokio::test]
async fn prepared_statements_decide_as_the_transitions_do() {
    assert_decides_as_the_transitions(Protocol::Prepared, 1).await;
}

#[tokio::test]
async fn written_statements_decide_as_the_transitions_do() {
    assert_decides_as_the_transitions(Protocol::Simple, 2).await;
}
