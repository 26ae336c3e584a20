//! Keys that the first release wrote, which knew neither labels nor generations.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Fence, Label, List, Record, Resolution, State, Store, Which,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use redis::cmd;

use crate::support::{Bench, complete, completion, new_claim, retry, win};

const HOUR: i64 = 3_600_000;

fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_millis()).unwrap()
}

/// A key as the first release wrote it: `HSET` with these fields.
struct Key {
    state: &'static str,
    lease_until: Option<i64>,
    taken_from: Option<AttemptId>,
    expires_at: Option<i64>,
    outcome: Option<Outcome>,
}

impl Key {
    fn running(lease_until: i64) -> Self {
        Self {
            state: "0",
            lease_until: Some(lease_until),
            taken_from: None,
            expires_at: None,
            outcome: None,
        }
    }

    fn done(state: &'static str) -> Self {
        Self {
            state,
            lease_until: None,
            ..Self::running(0)
        }
    }

    async fn write(&self, bench: &Bench, claim: &Claim) {
        let mut write = cmd("HSET");
        write.arg(bench.key(claim.record));
        write.arg("f").arg(claim.fingerprint.as_bytes());
        write.arg("a").arg(claim.attempt.as_bytes());
        write.arg("s").arg(self.state);
        for (name, time) in [("l", self.lease_until), ("e", self.expires_at)] {
            if let Some(time) = time {
                write.arg(name).arg(time);
            }
        }
        if let Some(from) = self.taken_from {
            write.arg("t").arg(from.as_bytes());
        }
        if let Some(outcome) = &self.outcome {
            write.arg("c").arg(outcome.status());
            write.arg("h").arg(&outcome.headers().as_bytes()[..]);
            write.arg("b").arg(&outcome.body()[..]);
        }
        let () = bench.ask(&write).await;
    }
}

fn assert_first(record: &Record, claim: &Claim, generation: AttemptId) {
    assert_eq!(record.fingerprint, claim.fingerprint);
    assert_eq!(record.attempt, claim.attempt);
    assert_eq!(record.label, Label::default());
    assert_eq!(record.claimed_at, None);
    assert_eq!(record.generation, generation);
    assert_eq!(record.abandoned, 0);
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let header = ("[a-z][a-z-]{0,20}", vec(0x20_u8..0x7f, 0..40));
    (100_u16..600, vec(header, 0..5), vec(any::<u8>(), 0..300)).prop_map(
        |(status, headers, body)| {
            let headers = headers.iter().map(|(name, value)| (&**name, &value[..]));
            Outcome::new(status, Headers::pack(headers).unwrap(), Bytes::from(body))
        },
    )
}

#[tokio::test]
async fn records_of_every_state_are_read_back_equal() {
    let bench = Bench::new().await;
    let mut runner = TestRunner::deterministic();
    let mut any_outcome = || outcomes().new_tree(&mut runner).unwrap().current();
    for round in 0..40 {
        let claim = new_claim();
        let from = AttemptId::random();
        let provisional = (round % 2 == 0).then(&mut any_outcome);
        let running = Key {
            taken_from: (round % 4 < 2).then_some(from),
            outcome: provisional.clone(),
            ..Key::running(if round % 3 == 0 {
                now() - 1
            } else {
                now() + HOUR
            })
        };
        running.write(&bench, &claim).await;
        let record = bench.store.load(claim.record).await.unwrap().unwrap();
        assert_first(&record, &claim, running.taken_from.unwrap_or(claim.attempt));
        let abandoned = round % 3 == 0;
        assert_eq!(
            record.state,
            State::Running {
                provisional,
                abandoned
            }
        );

        for (state, disposition) in [
            ("2", Disposition::Completed),
            ("3", Disposition::FailedFinal),
            ("4", Disposition::FailedRetriable),
        ] {
            let claim = new_claim();
            let outcome = (round % 5 > 0).then(&mut any_outcome);
            let done = Key {
                expires_at: (round % 2 == 0).then(|| now() + HOUR),
                outcome: outcome.clone(),
                ..Key::done(state)
            };
            done.write(&bench, &claim).await;
            let record = bench.store.load(claim.record).await.unwrap().unwrap();
            assert_first(&record, &claim, claim.attempt);
            assert_eq!(
                record.state,
                State::Done {
                    disposition,
                    outcome
                }
            );
            let found = bench.store.claim(retry(&claim)).await.unwrap();
            assert_eq!(found, Claimed::Found(record));
        }
    }
    for absent in [
        Key::done("1"),
        Key {
            expires_at: Some(now() - 1),
            ..Key::done("2")
        },
    ] {
        let claim = new_claim();
        absent.write(&bench, &claim).await;
        assert_eq!(bench.store.load(claim.record).await.unwrap(), None);
        win(&bench.store, &retry(&claim)).await;
    }
}

#[tokio::test]
async fn attempts_of_the_first_release_are_listed_and_end() {
    let bench = Bench::new().await;
    let (claim, from) = (new_claim(), AttemptId::random());
    let taken = Key {
        taken_from: Some(from),
        ..Key::running(now() + HOUR)
    };
    taken.write(&bench, &claim).await;
    let list = List::new(Which::RunningLongerThan(std::time::Duration::ZERO)).limit(1_000);
    let page = bench.store.list(list).await.unwrap();
    if page.next.is_none() {
        assert_eq!(page.records.len(), 1, "{page:?}");
    }
    let renewed = bench.store.renew(claim.record, claim.attempt, claim.lease);
    assert_eq!(renewed.await.unwrap(), Fence::Held);
    complete(&bench.store, &claim, Ttl::hours(1)).await;
    let record = bench.store.load(claim.record).await.unwrap().unwrap();
    assert_first(&record, &claim, from);
}

#[tokio::test]
async fn an_attempt_of_the_first_release_is_taken_over_with_its_generation() {
    let bench = Bench::new().await;
    let (first, before) = (new_claim(), AttemptId::random());
    let abandoned = Key {
        taken_from: Some(before),
        ..Key::running(now() - 1)
    };
    abandoned.write(&bench, &first).await;
    let second = retry(&first);
    let Claimed::Won(won) = bench.store.claim(second.clone()).await.unwrap() else {
        panic!("an abandoned record was not taken over");
    };
    assert_eq!((won.generation, won.abandoned), (before, 1));
    assert_eq!(won.taken_from, Some(first.attempt));
    complete(&bench.store, &second, Ttl::hours(1)).await;
    let record = bench.store.load(first.record).await.unwrap().unwrap();
    assert_eq!((record.generation, record.abandoned), (before, 1));

    let resolved = new_claim();
    Key::running(now() - 1).write(&bench, &resolved).await;
    let by = AttemptId::random();
    let resolution = Resolution::Complete(completion(Ttl::hours(1)));
    let fence = bench
        .store
        .resolve(resolved.record, resolved.attempt, by, resolution);
    assert_eq!(fence.await.unwrap(), Fence::Held);
    let record = bench.store.load(resolved.record).await.unwrap().unwrap();
    assert_eq!(record.generation, resolved.attempt);
}

/// What its claim script does to a record that counts as absent.
async fn claim_as_the_first_release(bench: &Bench, claim: &Claim) {
    let key = bench.key(claim.record);
    Key::running(now() + HOUR).write(bench, claim).await;
    let left = ["t", "e", "c", "h", "b"];
    let () = bench.ask(cmd("HDEL").arg(&key).arg(&left)).await;
    let () = bench.ask(cmd("PERSIST").arg(&key)).await;
}

#[tokio::test]
async fn what_version_2_said_of_an_earlier_generation_is_forgotten() {
    let bench = Bench::new().await;
    let first = new_claim().keep_abandoned(std::time::Duration::from_mins(1));
    win(&bench.store, &first).await;
    crate::support::release(&bench.store, &first).await;
    let old = retry(&first);
    claim_as_the_first_release(&bench, &old).await;

    let record = bench.store.load(first.record).await.unwrap().unwrap();
    assert_first(&record, &old, old.attempt);
    complete(&bench.store, &old, Ttl::hours(1)).await;
    let record = bench.store.load(first.record).await.unwrap().unwrap();
    assert_first(&record, &old, old.attempt);
}
