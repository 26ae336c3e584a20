//! Tables of version 1, with records in them, and processes that still write them.

use idempotent_runtime::store::{List, Store, Which};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sqlx::Row as _;

use super::*;

/// A dump of a table that the release before labels and generations made and filled.
const DUMP: &str = include_str!("../version_1.sql");

const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

/// The records of the dump are numbered; so are their attempts.
fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 32])
}

fn by(number: u8) -> AttemptId {
    AttemptId::from_bytes([number; 16])
}

async fn dumped() -> Table {
    let table = Table::new();
    table.sql(&DUMP.replace("`earlier", "`{table}")).await;
    table
}

fn kept(status: u16, body: &[u8]) -> Outcome {
    let headers = Headers::pack([
        ("content-type", &b"text/plain; charset=utf-8"[..]),
        ("x-odd", &b"\xff\x80'\\"[..]),
        ("vary", &b""[..]),
    ]);
    Outcome::new(status, headers.unwrap(), body.to_vec())
}

fn running(provisional: Option<Outcome>, abandoned: bool) -> State {
    State::Running {
        provisional,
        abandoned,
    }
}

fn done(disposition: Disposition, outcome: Option<Outcome>) -> State {
    State::Done {
        disposition,
        outcome,
    }
}

/// The record, its attempt, the first attempt that is known, and its state.
fn expected() -> Vec<(u8, u8, u8, State)> {
    let all: Vec<u8> = (0..=255).collect();
    let empty = Outcome::new(503, Headers::default(), "");
    vec![
        (1, 1, 1, running(None, false)),
        (2, 2, 2, running(Some(kept(202, b"soon")), false)),
        (3, 3, 3, running(None, true)),
        (4, 0x40, 4, running(Some(kept(202, &all)), false)),
        (5, 0x50, 5, running(None, true)),
        (7, 7, 7, done(Disposition::Completed, Some(kept(201, &all)))),
        (
            8,
            8,
            8,
            done(Disposition::Completed, Some(kept(200, b"for ever"))),
        ),
        (9, 9, 9, done(Disposition::FailedFinal, None)),
        (10, 10, 10, done(Disposition::FailedRetriable, Some(empty))),
        (
            12,
            0x60,
            0x60,
            done(Disposition::FailedFinal, Some(kept(422, b"no"))),
        ),
    ]
}

fn earlier(fingerprint: u8, attempt: AttemptId, generation: AttemptId, state: State) -> Record {
    let fingerprint = Fingerprint::from_bytes([fingerprint; 32]);
    let mut record = Record::new(fingerprint, attempt, state);
    record.generation = generation;
    record
}

#[tokio::test]
async fn dumped_records_are_read_back_equal() {
    let table = dumped().await;
    let store = table.open().await;
    for (number, attempt, first, state) in expected() {
        let expected = earlier(0xf0 | number, by(attempt), by(first), state);
        assert_eq!(
            store.load(id(number)).await.unwrap(),
            Some(expected),
            "{number}"
        );
    }
    // One was given back, and one has expired.
    for number in [6, 11] {
        assert_eq!(store.load(id(number)).await.unwrap(), None);
    }
    let listed = store.list(List::new(Which::All)).await.unwrap().records;
    assert_eq!(listed.len(), expected().len());
    let unended = "SELECT record FROM {table} WHERE expires_at IS NULL AND state <> 0";
    assert_eq!(table.sql(unended).await.len(), 0);
}

#[tokio::test]
async fn dumped_records_work_on() {
    let table = dumped().await;
    let store = table.open().await;
    let taking = |number: u8| {
        let fingerprint = Fingerprint::from_bytes([0xf0 | number; 32]);
        Claim::new(id(number), fingerprint, AttemptId::random(), CENTURY)
            .takeover(Takeover::Abandoned)
    };
    for (number, attempt) in [(1, 1), (2, 2), (4, 0x40)] {
        let fence = store.renew(id(number), by(attempt), CENTURY).await;
        assert_eq!(fence.unwrap(), Fence::Held);
        let fence = store.complete(id(number), by(attempt), completion("done"));
        assert_eq!(fence.await.unwrap(), Fence::Held);
        let record = find(&store, &taking(number)).await;
        let outcome = Some(outcome("done"));
        assert_eq!(record.state, done(Disposition::Completed, outcome));
    }
    // It was taken over, and its completion leaves it in its generation.
    assert_eq!(store.load(id(4)).await.unwrap().unwrap().generation, by(4));
    for (number, from, first) in [(3, 3, 3), (5, 0x50, 5)] {
        let Claimed::Won(won) = store.claim(taking(number)).await.unwrap() else {
            panic!("{number} is not taken over");
        };
        assert_eq!(won.taken_from, Some(by(from)));
        assert_eq!((won.generation, won.abandoned), (by(first), 1));
    }
    for number in [6, 11] {
        let anew = taking(number);
        let attempt = anew.attempt;
        let Claimed::Won(won) = store.claim(anew).await.unwrap() else {
            panic!("{number} is not won");
        };
        assert_eq!((won.generation, won.taken_from), (attempt, None));
    }
    let fence = store.release(id(3), by(3)).await.unwrap();
    assert_eq!(fence, Fence::Lost);
    let seen = store.load(id(8)).await.unwrap().unwrap().attempt;
    assert_eq!(store.forget(id(8), seen).await.unwrap(), Fence::Held);
}

/// Status, headers and body.
type Answered = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

#[derive(Clone, Debug)]
struct Earlier {
    attempt: [u8; 16],
    taken_from: Option<[u8; 16]>,
    state: u8,
    outcome: Option<Answered>,
    expires: bool,
}

fn rows() -> impl Strategy<Value = Earlier> {
    let headers = proptest::collection::vec(
        (
            "[a-z][a-z-]{0,20}",
            proptest::collection::vec(any::<u8>(), 0..40),
        ),
        0..5,
    );
    let body = proptest::collection::vec(any::<u8>(), 0..2_000);
    let outcome = proptest::option::of((100..600_u16, headers, body));
    let taken_from = proptest::option::of(any::<[u8; 16]>());
    (
        any::<[u8; 16]>(),
        taken_from,
        0..5_u8,
        outcome,
        any::<bool>(),
    )
        .prop_map(|(attempt, taken_from, state, outcome, expires)| Earlier {
            attempt,
            taken_from: taken_from.filter(|_| state == 0),
            state,
            outcome: outcome.filter(|_| state != 1),
            expires,
        })
}

impl Earlier {
    fn outcome(&self) -> Option<Outcome> {
        let (status, headers, body) = self.outcome.as_ref()?;
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()));
        Some(Outcome::new(
            *status,
            Headers::pack(headers).unwrap(),
            body.clone(),
        ))
    }

    fn values(&self, number: u64) -> String {
        let hex = |bytes: &[u8]| format!("x'{:x}'", bytes::Bytes::copy_from_slice(bytes));
        let (lease, ends) = match (self.state, self.expires) {
            (0, _) => ("8000000000000", "NULL"),
            (1, _) => ("NULL", "100"),
            (_, true) => ("NULL", "8000000000000"),
            (_, false) => ("NULL", "NULL"),
        };
        let outcome = match self.outcome() {
            None => "NULL, NULL, NULL".to_owned(),
            Some(it) => {
                let (headers, body) = (hex(it.headers().as_bytes()), hex(it.body()));
                format!("{}, {headers}, {body}", it.status())
            }
        };
        let from = self.taken_from.map_or("NULL".to_owned(), |it| hex(&it));
        let (attempt, state) = (hex(&self.attempt), self.state);
        let record = format!("x'{number:016x}{:048}'", 0);
        format!(
            "({record}, REPEAT(x'77', 32), {attempt}, {state}, {lease}, {from}, {ends}, {outcome})"
        )
    }

    fn record(&self) -> Option<Record> {
        let state = match self.state {
            0 => running(self.outcome(), false),
            1 => return None,
            2 => done(Disposition::Completed, self.outcome()),
            3 => done(Disposition::FailedFinal, self.outcome()),
            _ => done(Disposition::FailedRetriable, self.outcome()),
        };
        let attempt = AttemptId::from_bytes(self.attempt);
        let generation = self.taken_from.map_or(attempt, AttemptId::from_bytes);
        Some(earlier(0x77, attempt, generation, state))
    }
}

#[tokio::test]
async fn random_records_are_read_back_equal() {
    let table = dumped().await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = proptest::collection::vec(rows(), 600);
    let rows = strategy.new_tree(&mut runner).unwrap().current();
    for (number, some) in (0..).zip(rows.chunks(50)) {
        let values = (50 * number..)
            .zip(some)
            .map(|(number, row)| row.values(number));
        let values = values.collect::<Vec<_>>().join(", ");
        table
            .sql(&format!("INSERT INTO {{table}} VALUES {values}"))
            .await;
    }
    let store = table.open().await;
    for (number, row) in (0..).zip(&rows) {
        let loaded = store.load(record(number)).await.unwrap();
        assert_eq!(loaded, row.record(), "{row:?}");
    }
    let unended = "SELECT record FROM {table} WHERE expires_at IS NULL AND state <> 0";
    assert_eq!(table.sql(unended).await.len(), 0);
}

/// As the release before claims a record anew, and completes it for ever.
#[tokio::test]
async fn a_process_of_the_release_before_may_go_on() {
    let table = dumped().await;
    let store = table.open().await;
    let first = claim(1);
    win(&store, &first).await;
    let fence = store
        .renew(first.record, first.attempt, Duration::ZERO)
        .await;
    assert_eq!(fence.unwrap(), Fence::Held);
    let second = retry(&first);
    win(&store, &second).await;
    release(&store, &second).await;

    let old = AttemptId::from_bytes([0xaa; 16]);
    let row = format!("WHERE record = x'{:016x}{:048}'", 1, 0);
    let anew = "UPDATE {table} SET taken_from = NULL, expires_at = NULL, lease_until = 1, \
                attempt = REPEAT(x'aa', 16), state = 0";
    table.sql(&format!("{anew} {row}")).await;
    let record = store.load(first.record).await.unwrap().unwrap();
    assert_eq!((record.generation, record.abandoned), (old, 0));
    let Claimed::Won(won) = store.claim(retry(&first)).await.unwrap() else {
        panic!("it is not taken over");
    };
    assert_eq!((won.generation, won.abandoned), (old, 1));

    let done =
        "UPDATE {table} SET state = 2, lease_until = NULL, taken_from = NULL, expires_at = NULL";
    table.sql(&format!("{done} {row}")).await;
    let ends = format!("SELECT expires_at FROM {{table}} {row}");
    assert_eq!(table.sql(&ends).await[0].get::<Option<i64>, _>(0), None);
    let before = store.load(first.record).await.unwrap();
    assert!(matches!(before.as_ref().unwrap().state, State::Done { .. }));
    store.sweep(100).await.unwrap();
    assert_eq!(
        table.sql(&ends).await[0].get::<Option<i64>, _>(0),
        Some(i64::MAX)
    );
    assert_eq!(store.load(first.record).await.unwrap(), before);
    // What it inserts has none of the new columns.
    let inserted = "INSERT INTO {table} (record, fingerprint, attempt, state, lease_until) \
                    VALUES (REPEAT(x'66', 32), REPEAT(x'77', 32), REPEAT(x'aa', 16), 0, 1)";
    table.sql(inserted).await;
    let expected = earlier(0x77, old, old, running(None, true));
    assert_eq!(store.load(id(0x66)).await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_migration_may_be_interrupted_behind_any_statement() {
    let migration = dumped().await.options().migrations().unwrap().remove(1);
    let statements = migration.sql().matches(";\n").count();
    for done in 0..=statements {
        let table = dumped().await;
        let migration = table.options().migrations().unwrap().remove(1);
        let sql: String = migration.sql().split_inclusive(";\n").take(done).collect();
        if !sql.is_empty() {
            table.sql(&sql).await;
        }
        let store = table.open().await;
        let loaded = store.load(id(4)).await.unwrap().unwrap();
        assert_eq!(loaded.generation, by(4), "after {done} statements");
        win(&store, &claim(1)).await;
        let versions = table.sql("SELECT version FROM {table}_migrations").await;
        assert_eq!(versions.len(), 2);
    }
}

#[tokio::test]
async fn a_table_that_was_not_migrated_says_what_to_call() {
    let table = dumped().await;
    let store = table.connect().await.unwrap();
    let error = store.claim(claim(1)).await.unwrap_err();
    assert!(error.is_not_sent());
    let told = crate::chain(&error);
    assert!(told[1].ends_with("call `MySqlStore::migrate`"), "{told:?}");
}

#[tokio::test]
async fn a_migration_gives_up_soon_where_a_transaction_uses_the_table_and_says_what_to_do() {
    let table = dumped().await;
    let mut other = connect().await;
    table
        .sql_on(&mut other, "BEGIN; SELECT COUNT(*) FROM {table}")
        .await;
    let store = table.connect().await.unwrap();
    let error = store.migrate().await.unwrap_err();
    let told = crate::chain(&error);
    assert!(
        told[1].contains("end it (`information_schema.innodb_trx` shows which one it is)"),
        "{told:?}"
    );
    table.sql_on(&mut other, "ROLLBACK").await;
    store.migrate().await.unwrap();
}
