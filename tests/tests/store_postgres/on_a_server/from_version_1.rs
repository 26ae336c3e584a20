//! Tables that the first release made, with records in them.

use std::fmt::Write as _;
use std::time::Duration;

use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::conformance::Harness as _;
use idempotent_runtime::store::postgres::Layout;
use idempotent_runtime::store::{Claim, Claimed, Fence, List, Record, State, Store, Which};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sqlx::AssertSqlSafe;

use crate::support::{Postgres, claim, complete};

const PLAIN: &str = include_str!("../fixtures/version_1.sql");
const BY_DAYS: &str = include_str!("../fixtures/version_1_by_days.sql");

const HOUR: i64 = 3_600_000;

/// A row as the first release wrote it, and what it must be read as.
#[derive(Debug)]
pub(super) struct Old {
    claim: Claim,
    taken_from: Option<AttemptId>,
    state: i16,
    outcome: Option<Outcome>,
    lease_until: Option<i64>,
    expires_at: Option<i64>,
}

fn outcomes() -> impl Strategy<Value = Option<Outcome>> {
    let header = ("[a-z-]{1,20}", vec(any::<u8>(), 0..40));
    let outcome = (100..600_u16, vec(header, 0..6), vec(any::<u8>(), 0..2_000));
    let outcome = outcome.prop_map(|(status, headers, body)| {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), &value[..]));
        Outcome::new(status, Headers::pack(headers).unwrap(), body)
    });
    proptest::option::of(outcome)
}

impl Old {
    fn any(now: i64) -> impl Strategy<Value = Self> {
        let times = prop_oneof![-HOUR..-1, 1..HOUR];
        (0..5_i16, outcomes(), times, any::<bool>(), any::<bool>()).prop_map(
            move |(state, outcome, time, is_first, is_kept)| Self {
                claim: claim(),
                taken_from: (state == 0 && !is_first).then(AttemptId::random),
                state,
                outcome: outcome.filter(|_| state != 1),
                lease_until: (state == 0).then_some(now + time),
                expires_at: (state == 1 || (state > 1 && !is_kept)).then_some(now + time),
            },
        )
    }

    fn insert(&self, table: &str, day: &str) -> String {
        let bytes = |bytes: Option<&[u8]>| {
            bytes.map_or("NULL".to_owned(), |bytes| {
                let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
                    let _ = write!(digits, "{byte:02x}");
                    digits
                });
                format!("decode('{digits}', 'hex')")
            })
        };
        let int = |int: Option<i64>| int.map_or("NULL".to_owned(), |int| int.to_string());
        let (column, value) = match day {
            "" => ("", String::new()),
            day => ("day, ", format!("{day}, ")),
        };
        format!(
            "INSERT INTO {table} (record, {column}fingerprint, attempt, state, lease_until, taken_from, expires_at, \
             status, headers, body) VALUES ({}, {value}{}, {}, {}, {}, {}, {}, {}, {}, {});",
            bytes(Some(self.claim.record.as_bytes())),
            bytes(Some(self.claim.fingerprint.as_bytes())),
            bytes(Some(self.claim.attempt.as_bytes())),
            self.state,
            int(self.lease_until),
            bytes(self.taken_from.as_ref().map(|it| &it.as_bytes()[..])),
            int(self.expires_at),
            int(self.outcome.as_ref().map(|it| i64::from(it.status()))),
            bytes(self.outcome.as_ref().map(|it| &it.headers().as_bytes()[..])),
            bytes(self.outcome.as_ref().map(|it| &it.body()[..])),
        )
    }

    fn is_absent(&self, now: i64) -> bool {
        self.state == 1 || self.expires_at.is_some_and(|at| at <= now)
    }

    fn record(&self, now: i64) -> Option<Record> {
        let state = match self.state {
            0 => State::Running {
                provisional: self.outcome.clone(),
                abandoned: self.lease_until.is_some_and(|at| at <= now),
            },
            state => State::Done {
                disposition: match state {
                    2 => Disposition::Completed,
                    3 => Disposition::FailedFinal,
                    _ => Disposition::FailedRetriable,
                },
                outcome: self.outcome.clone(),
            },
        };
        let mut record = Record::new(self.claim.fingerprint, self.claim.attempt, state);
        record.generation = self.taken_from.unwrap_or(self.claim.attempt);
        (!self.is_absent(now)).then_some(record)
    }
}

/// The dumped tables under the name of this test's, with these rows in them.
pub(super) async fn version_1(harness: &Postgres, rows: &[Old]) {
    let (dump, name, day) = match harness.layout {
        Layout::PartitionedByDay => (BY_DAYS, "version_1_by_days", "18250"),
        _ => (PLAIN, "version_1", ""),
    };
    let dump = dump.replace("public.", "").replace(name, &harness.table);
    let rows: String = rows
        .iter()
        .map(|row| row.insert(&harness.table, day))
        .collect();
    let mut connection = harness.connection().await;
    for text in [dump, rows] {
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

fn rows(now: i64, many: usize) -> Vec<Old> {
    // The same ones each time.
    let mut runner = TestRunner::deterministic();
    vec(Old::any(now), many..=many)
        .new_tree(&mut runner)
        .unwrap()
        .current()
}

#[tokio::test]
async fn every_row_is_read_as_it_was_written() {
    for harness in [Postgres::plain(), Postgres::by_days()] {
        let now = harness.now();
        let rows = rows(now, 300);
        version_1(&harness, &rows).await;
        let store = harness.open().await;
        for row in &rows {
            let record = store.load(row.claim.record).await.unwrap();
            assert_eq!(record, row.record(now));
        }
        let mut listed = 0;
        let mut list = List::new(Which::All);
        loop {
            let page = store.list(list.clone()).await.unwrap();
            listed += page.records.len();
            let Some(next) = page.next else { break };
            list = list.after(next);
        }
        assert_eq!(listed, rows.iter().filter(|it| !it.is_absent(now)).count());
    }
}

#[tokio::test]
async fn the_attempts_of_old_rows_go_on() {
    for harness in [Postgres::plain(), Postgres::by_days()] {
        let now = harness.now();
        let rows = rows(now, 100);
        version_1(&harness, &rows).await;
        let store = harness.open().await;
        for row in &rows {
            let retry = row.claim.clone().attempt(AttemptId::random());
            match row.record(now) {
                None => {
                    let claimed = store.claim(retry.clone()).await.unwrap();
                    let Claimed::Won(won) = claimed else {
                        panic!("{claimed:?}")
                    };
                    assert_eq!((won.generation, won.taken_from), (retry.attempt, None));
                }
                Some(record) => match record.state {
                    State::Running {
                        abandoned: false, ..
                    } => {
                        let found = store.claim(retry).await.unwrap();
                        assert_eq!(found, Claimed::Found(record));
                        complete(&*store, &row.claim, Ttl::Forever).await;
                    }
                    State::Running { provisional, .. } => {
                        let claimed = store.claim(retry.clone()).await.unwrap();
                        let Claimed::Won(won) = claimed else {
                            panic!("{claimed:?}")
                        };
                        assert_eq!((won.generation, won.abandoned), (record.generation, 1));
                        assert_eq!(won.taken_from, Some(row.claim.attempt));
                        assert_eq!(won.provisional, provisional);
                        complete(&*store, &retry, Ttl::Forever).await;
                    }
                    State::Done { .. } => {
                        let found = store.claim(retry).await.unwrap();
                        assert_eq!(found, Claimed::Found(record));
                    }
                },
            }
        }
    }
}

/// What a process of the first release sends, as its log shows it.
async fn an_old_process(harness: &Postgres, text: &str) {
    let text = text.replace("{table}", &harness.table);
    let mut connection = harness.connection().await;
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(&mut connection)
        .await
        .unwrap();
}

fn bytes(record: RecordId) -> String {
    format!("decode('{record}', 'hex')")
}

#[tokio::test]
async fn a_process_of_the_first_release_writes_beside_this_one() {
    let harness = Postgres::plain();
    let store = harness.open().await;
    // It makes a record anew over what this release left of an earlier generation.
    let first = claim();
    let _ = store.claim(first.clone()).await.unwrap();
    let fence = store.release(first.record, first.attempt).await.unwrap();
    assert_eq!(fence, Fence::Held);
    let (old, now) = (AttemptId::random(), harness.now());
    an_old_process(
        &harness,
        &format!(
            "UPDATE {{table}} SET attempt = decode('{old}', 'hex'), state = 0, lease_until = {now}, taken_from = NULL, \
             expires_at = NULL, status = NULL, headers = NULL, body = NULL WHERE record = {}",
            bytes(first.record)
        ),
    )
    .await;
    let record = store.load(first.record).await.unwrap().unwrap();
    assert_eq!((record.attempt, record.generation), (old, old));
    let next = first.clone().attempt(AttemptId::random());
    let claimed = store.claim(next).await.unwrap();
    let Claimed::Won(won) = claimed else {
        panic!("{claimed:?}")
    };
    assert_eq!(
        (won.generation, won.abandoned, won.taken_from),
        (old, 1, Some(old))
    );
}

/// It does not know for how long an abandoned record is kept, and means it to stay until somebody settles it.
#[tokio::test]
async fn what_a_process_of_the_first_release_makes_anew_does_not_lapse() {
    let harness = Postgres::plain();
    let store = harness.open().await;
    let keep = Duration::from_mins(1);
    for ends_by_completion in [true, false] {
        let first = claim().keep_abandoned(keep);
        let _ = store.claim(first.clone()).await.unwrap();
        if ends_by_completion {
            complete(&*store, &first, Ttl::hours(1)).await;
        } else {
            let fence = store.release(first.record, first.attempt).await.unwrap();
            assert_eq!(fence, Fence::Held);
        }
        let (old, now) = (AttemptId::random(), harness.now());
        an_old_process(
            &harness,
            &format!(
                "UPDATE {{table}} SET attempt = decode('{old}', 'hex'), state = 0, lease_until = {now}, \
                 taken_from = NULL, expires_at = NULL, status = NULL, headers = NULL, body = NULL WHERE record = {}",
                bytes(first.record)
            ),
        )
        .await;
        harness.advance(keep + keep);
        let _ = store.sweep(100).await.unwrap();
        let record = store.load(first.record).await.unwrap();
        assert_eq!(record.map(|it| it.attempt), Some(old));
    }
}

#[tokio::test]
async fn a_process_of_the_first_release_claims_in_a_day_of_this_one() {
    let harness = Postgres::by_days();
    let store = harness.open().await;
    let (old, now) = (claim(), harness.now());
    an_old_process(
        &harness,
        &format!(
            "SELECT now FROM {{table}}_claim({}, decode('{}', 'hex'), decode('{}', 'hex'), 30000, 1, NULL, {now}); \
             SELECT past FROM {{table}}_days({now}, 3)",
            bytes(old.record),
            "07".repeat(32),
            old.attempt
        ),
    )
    .await;
    let record = store.load(old.record).await.unwrap().unwrap();
    assert_eq!(
        (record.attempt, record.generation),
        (old.attempt, old.attempt)
    );
    harness.advance(Duration::from_secs(31));
    let claimed = store
        .claim(old.clone().attempt(AttemptId::random()))
        .await
        .unwrap();
    let Claimed::Won(won) = claimed else {
        panic!("{claimed:?}")
    };
    assert_eq!((won.generation, won.abandoned), (old.attempt, 1));
}
