//! Files that the first release wrote: their records read back as they were, and go on.

use std::time::Duration;

use idempotent_runtime::clock::{Clock as _, SystemClock};
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Record, State, Store, Takeover,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sqlx::SqliteConnection;

use crate::File;

const SCHEMA: &str = include_str!("version_1.sql");

/// Far longer than the test takes.
const HOUR: i64 = 3_600_000;

/// A row as the first release wrote it.
#[derive(Clone, Debug)]
struct Earlier {
    fingerprint: [u8; 32],
    attempt: [u8; 16],
    taken_from: Option<[u8; 16]>,
    phase: Phase,
    outcome: Option<Answered>,
}

/// Status, headers and body.
type Answered = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// With a lease that lasts, or has ended.
    Running(bool),
    Released,
    /// Done, with an end or without one.
    Done(Disposition, bool),
}

fn rows() -> impl Strategy<Value = Earlier> {
    let phase = prop_oneof![
        any::<bool>().prop_map(Phase::Running),
        Just(Phase::Released),
        (
            prop::sample::select(vec![
                Disposition::Completed,
                Disposition::FailedFinal,
                Disposition::FailedRetriable,
            ]),
            any::<bool>()
        )
            .prop_map(|(disposition, ends)| Phase::Done(disposition, ends)),
    ];
    let header = (
        "[a-z][a-z-]{0,20}",
        prop::collection::vec(any::<u8>(), 0..40),
    );
    let outcome = (
        100..1000_u16,
        prop::collection::vec(header, 0..6),
        prop::collection::vec(any::<u8>(), 0..600),
    );
    (
        any::<[u8; 32]>(),
        any::<[u8; 16]>(),
        prop::option::of(any::<[u8; 16]>()),
        phase,
        prop::option::of(outcome),
    )
        .prop_map(
            |(fingerprint, attempt, taken_from, phase, outcome)| Earlier {
                fingerprint,
                attempt,
                taken_from: taken_from.filter(|_| matches!(phase, Phase::Running(_))),
                phase,
                outcome: outcome.filter(|_| !matches!(phase, Phase::Released)),
            },
        )
}

impl Earlier {
    fn outcome(&self) -> Option<Outcome> {
        let (status, headers, body) = self.outcome.as_ref()?;
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()));
        Some(Outcome::new(
            *status,
            Headers::pack(pairs).unwrap(),
            body.clone(),
        ))
    }

    async fn insert(&self, record: RecordId, now: i64, connection: &mut SqliteConnection) {
        let (name, lease_until, disposition, expires_at) = match self.phase {
            Phase::Running(lasts) => {
                let until = if lasts { now + HOUR } else { now - HOUR };
                ("running", Some(until), None, None)
            }
            Phase::Released => ("released", None, None, Some(now)),
            Phase::Done(disposition, ends) => {
                let expires_at = ends.then_some(now + HOUR);
                ("done", None, Some(disposition.as_str()), expires_at)
            }
        };
        let outcome = self.outcome();
        let of = |running: bool| {
            let outcome = outcome
                .as_ref()
                .filter(|_| running == matches!(self.phase, Phase::Running(_)));
            (
                outcome.map(Outcome::status),
                outcome.map(|it| it.headers().as_bytes().to_vec()),
                outcome.map(|it| it.body().to_vec()),
            )
        };
        let (provisional, kept) = (of(true), of(false));
        sqlx::query("INSERT INTO idempotency_records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(record.as_bytes().to_vec())
            .bind(self.fingerprint.to_vec())
            .bind(self.attempt.to_vec())
            .bind(name)
            .bind(lease_until)
            .bind(self.taken_from.map(|it| it.to_vec()))
            .bind(provisional.0)
            .bind(provisional.1)
            .bind(provisional.2)
            .bind(disposition)
            .bind(kept.0)
            .bind(kept.1)
            .bind(kept.2)
            .bind(expires_at)
            .bind(now - HOUR)
            .bind(now)
            .execute(connection)
            .await
            .unwrap();
    }

    /// What the record says to this release.
    fn expected(&self) -> Option<(AttemptId, AttemptId, State)> {
        let attempt = AttemptId::from_bytes(self.attempt);
        let first = self.taken_from.map_or(attempt, AttemptId::from_bytes);
        let outcome = self.outcome();
        match self.phase {
            Phase::Running(lasts) => Some((
                attempt,
                first,
                State::Running {
                    provisional: outcome,
                    abandoned: !lasts,
                },
            )),
            Phase::Released => None,
            Phase::Done(disposition, _) => Some((
                attempt,
                attempt,
                State::Done {
                    disposition,
                    outcome,
                },
            )),
        }
    }

    /// A retry of the request that made the record.
    fn retry(&self, record: RecordId) -> Claim {
        let fingerprint = Fingerprint::from_bytes(self.fingerprint);
        let lease = Duration::from_secs(30);
        Claim::new(record, fingerprint, AttemptId::random(), lease).takeover(Takeover::Abandoned)
    }
}

fn id(number: usize) -> RecordId {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

fn seen(record: Record) -> (AttemptId, AttemptId, State) {
    (record.attempt, record.generation, record.state)
}

#[tokio::test]
async fn records_of_every_state_read_back_equal_and_go_on() {
    let file = File::new();
    let now = SystemClock.now().as_millis();
    let mut runner = TestRunner::deterministic();
    let earlier: Vec<Earlier> = (0..300)
        .map(|_| rows().new_tree(&mut runner).unwrap().current())
        .collect();
    let mut connection = file.connect().await;
    sqlx::raw_sql(SCHEMA)
        .execute(&mut connection)
        .await
        .unwrap();
    for (number, row) in earlier.iter().enumerate() {
        row.insert(id(number), now, &mut connection).await;
    }

    let store = file.open().await;
    for (number, row) in earlier.iter().enumerate() {
        let loaded = store.load(id(number)).await.unwrap();
        assert_eq!(loaded.map(seen), row.expected(), "{row:?}");
    }
    // A process of the first release that has the file open goes on writing.
    let late = earlier
        .iter()
        .find(|row| matches!(row.phase, Phase::Running(true)) && row.taken_from.is_none())
        .unwrap();
    let columns = "record_id, fingerprint, attempt, phase, lease_until, taken_from, provisional_status, \
         provisional_headers, provisional_body, disposition, status, headers, body, expires_at, created_at, updated_at";
    let insert = format!(
        "INSERT INTO idempotency_records ({columns}) SELECT zeroblob(32), {} FROM idempotency_records WHERE record_id = ?",
        columns.split_once(", ").unwrap().1
    );
    let first = earlier
        .iter()
        .position(|row| row.attempt == late.attempt)
        .unwrap();
    sqlx::query(sqlx::AssertSqlSafe(insert))
        .bind(id(first).as_bytes().to_vec())
        .execute(&mut connection)
        .await
        .unwrap();
    let loaded = store.load(RecordId::from_bytes([0; 32])).await.unwrap();
    assert_eq!(loaded.map(seen), late.expected());

    for (number, row) in earlier.iter().enumerate() {
        let claimed = store.claim(row.retry(id(number))).await.unwrap();
        match (row.phase, claimed) {
            (Phase::Running(true), Claimed::Found(_)) => {
                let attempt = AttemptId::from_bytes(row.attempt);
                let done = Completion::new(Disposition::Completed, row.outcome(), Ttl::hours(1));
                let fence = store.complete(id(number), attempt, done).await.unwrap();
                assert_eq!(fence, Fence::Held, "{row:?}");
            }
            (Phase::Running(false), Claimed::Won(won)) => {
                assert_eq!(won.taken_from, Some(AttemptId::from_bytes(row.attempt)));
                assert_eq!(won.provisional, row.outcome());
                assert_eq!(won.generation, row.expected().unwrap().1);
            }
            (Phase::Released, Claimed::Won(won)) => assert_eq!(won.taken_from, None),
            (Phase::Done(..), Claimed::Found(found)) => {
                assert_eq!(Some(seen(found)), row.expected());
            }
            (_, claimed) => panic!("{row:?} led to {claimed:?}"),
        }
    }
}
