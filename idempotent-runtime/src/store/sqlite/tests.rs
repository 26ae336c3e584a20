use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::poll;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use super::lanes::BATCH;
use super::*;
use crate::clock::ManualClock;
use crate::fingerprint::Fingerprint;
use crate::outcome::{Disposition, Headers};
use crate::policy::Ttl;
use crate::store::transition::RELEASED_STAYS;
use crate::store::{Label, Takeover, Which};

const LEASE: Duration = Duration::from_secs(30);

struct Bench {
    directory: TempDir,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: ManualClock::new(),
        }
    }

    fn options(&self) -> SqliteStoreOptions {
        SqliteStoreOptions::new(self.directory.path().join("records.db"))
            .clock(Arc::new(self.clock.clone()))
    }

    /// A store whose writer has not begun, so that steps can be gathered first.
    async fn start(&self) -> (SqliteStore, Writer) {
        SqliteStore::start(self.options()).await.unwrap()
    }

    /// Another connection to the file.
    async fn sql(&self, sql: &'static str) {
        let path = self.directory.path().join("records.db");
        let url = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn claim(record: u8) -> Claim {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    let attempt = AttemptId::from_bytes([record; 16]);
    Claim::new(
        RecordId::from_bytes([record; 32]),
        fingerprint,
        attempt,
        LEASE,
    )
    .takeover(Takeover::Abandoned)
}

fn completion() -> Completion {
    let outcome = Outcome::new(200, Headers::default(), "body");
    Completion::new(Disposition::Completed, Some(outcome), Ttl::hours(1))
}

/// Counts the transactions that the writer commits.
async fn count_commits(writer: &mut Writer) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&commits);
    let connection = writer.connection.as_mut().unwrap();
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_commit_hook(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        true
    });
    commits
}

/// Puts the step into the queue.
async fn queue<T>(step: &mut StoreFuture<'_, T>) {
    // A task that polls many futures in a row is made to wait by tokio, where it should be by the store.
    tokio::task::yield_now().await;
    assert!(poll!(step.as_mut()).is_pending());
}

#[tokio::test]
async fn steps_that_wait_are_committed_together() {
    let bench = Bench::new();
    let (store, mut writer) = bench.start().await;
    let commits = count_commits(&mut writer).await;
    let mut claims: Vec<_> = (0..200).map(|record| store.claim(claim(record))).collect();
    for claim in &mut claims {
        queue(claim).await;
    }
    tokio::spawn(writer.run());
    for claim in claims {
        assert!(matches!(claim.await.unwrap(), Claimed::Won { .. }));
    }
    assert_eq!(commits.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let bench = Bench::new();
    let (store, mut writer) = bench.start().await;
    let commits = count_commits(&mut writer).await;
    let mut claims: Vec<_> = (0..=BATCH)
        .map(|number| {
            let record = RecordId::from_bytes([u8::try_from(number % 256).unwrap(); 32]);
            store.claim(Claim { record, ..claim(0) })
        })
        .collect();
    for claim in &mut claims {
        queue(claim).await;
    }
    tokio::spawn(writer.run());
    for claim in claims {
        assert!(matches!(claim.await.unwrap(), Claimed::Won { .. }));
    }
    assert_eq!(commits.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_steps_of_a_batch_see_each_other_in_their_order() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let (first, second) = (claim(1), claim(2));
    let record = first.record;
    let other = Claim { record, ..second };
    let mut won = store.claim(first.clone());
    let mut found = store.claim(other.clone());
    let mut completed = store.complete(record, first.attempt, completion());
    let mut forgotten = store.forget(record, first.attempt);
    let mut absent = store.load(record);
    let mut won_anew = store.claim(other.clone());
    let mut released = store.release(record, other.attempt);
    let mut swept = store.sweep(10);
    queue(&mut won).await;
    queue(&mut found).await;
    queue(&mut completed).await;
    queue(&mut forgotten).await;
    queue(&mut absent).await;
    queue(&mut won_anew).await;
    queue(&mut released).await;
    queue(&mut swept).await;
    tokio::spawn(writer.run());

    assert!(matches!(won.await.unwrap(), Claimed::Won { .. }));
    assert!(matches!(found.await.unwrap(), Claimed::Found(_)));
    assert_eq!(completed.await.unwrap(), Fence::Held);
    assert_eq!(forgotten.await.unwrap(), Fence::Held);
    assert_eq!(absent.await.unwrap(), None);
    assert!(matches!(won_anew.await.unwrap(), Claimed::Won { .. }));
    assert_eq!(released.await.unwrap(), Fence::Held);
    // The mark of who gave it back stays for a while.
    assert_eq!(swept.await.unwrap(), 0);
    bench.clock.advance(RELEASED_STAYS);
    assert_eq!(store.sweep(10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_changes_nothing_for_the_others_of_its_batch() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut leaving = store.claim(claim(1));
    let mut staying = store.claim(claim(2));
    queue(&mut leaving).await;
    queue(&mut staying).await;
    drop(leaving);
    tokio::spawn(writer.run());
    assert!(matches!(staying.await.unwrap(), Claimed::Won { .. }));
    // It was queued, so it was done.
    assert!(store.load(claim(1).record).await.unwrap().is_some());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_its_own_steps_only() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let running = tokio::spawn(writer.run());
    for record in 1..=5 {
        let claim = claim(record);
        assert!(matches!(
            store.claim(claim.clone()).await.unwrap(),
            Claimed::Won { .. }
        ));
        let fence = store.complete(claim.record, claim.attempt, completion());
        assert_eq!(fence.await.unwrap(), Fence::Held);
    }
    store.close().await;
    running.await.unwrap();
    bench
        .sql(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE idempotency_records SET fingerprint = x'00' WHERE rowid = 1;
             UPDATE idempotency_records SET disposition = 'perhaps' WHERE rowid = 2;
             UPDATE idempotency_records SET headers = x'0102' WHERE rowid = 3;
             UPDATE idempotency_records SET phase = 'running' WHERE rowid = 4;",
        )
        .await;

    let (store, writer) = bench.start().await;
    let mut steps: Vec<_> = (1..=6).map(|record| store.claim(claim(record))).collect();
    for step in &mut steps {
        queue(step).await;
    }
    tokio::spawn(writer.run());
    let mut answers = Vec::new();
    for step in steps {
        answers.push(step.await);
    }
    let told: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .map(|error| {
            assert!(error.is_corrupt(), "{error:?}");
            std::error::Error::source(error).unwrap().to_string()
        })
        .collect();
    assert_eq!(
        told,
        [
            "column fingerprint of a record",
            "column disposition of a record",
            "column headers of a record",
            "column phase of a record",
        ]
    );
    assert!(matches!(answers[4], Ok(Claimed::Found(_))));
    assert!(matches!(answers[5], Ok(Claimed::Won { .. })));
}

#[tokio::test]
async fn a_batch_that_fails_fails_all_its_steps_and_the_next_one_works() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    tokio::spawn(writer.run());
    bench
        .sql("ALTER TABLE idempotency_records RENAME TO elsewhere")
        .await;
    for record in 1..=2 {
        let error = store.claim(claim(record)).await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
    }
    bench
        .sql("ALTER TABLE elsewhere RENAME TO idempotency_records")
        .await;
    assert!(matches!(
        store.claim(claim(1)).await.unwrap(),
        Claimed::Won { .. }
    ));
}

#[tokio::test]
async fn a_batch_that_fails_halfway_leaves_nothing_behind() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    bench
        .sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON idempotency_records WHEN new.record_id = zeroblob(32)
             BEGIN SELECT raise(FAIL, 'refused'); END",
        )
        .await;
    let mut steps: Vec<_> = [1, 0, 2]
        .into_iter()
        .map(|record| store.claim(claim(record)))
        .collect();
    for step in &mut steps {
        queue(step).await;
    }
    tokio::spawn(writer.run());
    for step in steps {
        assert!(step.await.unwrap_err().is_unavailable());
    }
    for record in 0..=2 {
        assert_eq!(store.load(claim(record).record).await.unwrap(), None);
    }
    assert!(matches!(
        store.claim(claim(2)).await.unwrap(),
        Claimed::Won { .. }
    ));
}

#[tokio::test]
async fn what_was_queued_is_settled_when_the_last_handle_goes() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut step = store.claim(claim(1));
    queue(&mut step).await;
    drop(step);
    drop(store);
    writer.run().await;

    let store = bench.options().open().await.unwrap();
    assert!(store.load(claim(1).record).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_queued_is_settled_before_the_store_is_closed() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut before = store.claim(claim(1));
    queue(&mut before).await;
    let mut closed = Box::pin(store.close());
    assert!(poll!(&mut closed).is_pending());
    let mut after = store.claim(claim(2));
    queue(&mut after).await;
    tokio::spawn(writer.run());
    closed.await;
    assert!(matches!(before.await.unwrap(), Claimed::Won { .. }));
    assert!(matches!(after.await.unwrap(), Claimed::Won { .. }));
    assert!(store.claim(claim(3)).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_no_caller_waiting() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let mut queued = store.claim(claim(1));
    queue(&mut queued).await;
    drop(writer);
    assert!(queued.await.unwrap_err().is_unavailable());
    assert!(store.claim(claim(2)).await.unwrap_err().is_unavailable());
    store.close().await;
}

#[tokio::test]
async fn the_disk_is_waited_for_as_the_options_say() {
    let bench = Bench::new();
    for (synchronous, pragma) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let options = bench.options().synchronous(synchronous);
        let (_store, mut writer) = SqliteStore::start(options).await.unwrap();
        let reconnected = writer.connector.connect().await.unwrap();
        for mut connection in [writer.connection.take().unwrap(), reconnected] {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            let waits: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!((mode.as_str(), waits), ("wal", pragma));
        }
    }
}

#[test]
fn the_default_waits_for_the_disk() {
    assert_eq!(Synchronous::default(), Synchronous::Full);
}

#[tokio::test]
async fn sweeps_and_listings_look_at_the_rows_of_an_index_only() {
    let bench = Bench::new();
    let (_store, mut writer) = bench.start().await;
    let connection = writer.connection.as_mut().unwrap();
    let [running, all, ending] = Start::texts();
    for (statement, index) in [
        (rows::EXPIRED.to_owned(), "idempotency_records_expiry"),
        (rows::LAPSED.to_owned(), "idempotency_records_running"),
        (running, "idempotency_records_running (record_id>?)"),
        (all, "sqlite_autoindex_idempotency_records_1 (record_id>?)"),
        (
            ending,
            "idempotency_records_expiry (expires_at>? AND expires_at<?)",
        ),
    ] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::query(explain)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        assert!(plan[0].contains(index), "{statement}: {plan:?}");
    }
}

#[tokio::test]
async fn an_outcome_that_fits_no_row_is_refused_before_it_is_queued() {
    let size = LARGEST_OUTCOME + 1;
    // Zeroed pages that nobody writes to take no memory.
    let outcome = Outcome::new(200, Headers::default(), vec![0; size]);
    let error = check_size(Some(&outcome)).unwrap_err();
    assert!(error.is_too_large());
}

#[tokio::test]
async fn steps_of_attempts_do_not_wait_behind_a_long_queue_of_claims() {
    let bench = Bench::new();
    let (store, writer) = bench.start().await;
    let running = tokio::spawn(writer.run());
    let first = claim(1);
    assert!(matches!(
        store.claim(first.clone()).await.unwrap(),
        Claimed::Won(_)
    ));
    store.close().await;
    running.await.unwrap();

    let (store, mut writer) = bench.start().await;
    let mut claims: Vec<_> = (0..2 * BATCH)
        .map(|_| store.claim(claim(2).attempt(AttemptId::random())))
        .collect();
    for claim in &mut claims {
        queue(claim).await;
    }
    let mut renewed = store.renew(first.record, first.attempt, LEASE);
    queue(&mut renewed).await;
    // The first batch has it, though two batches of claims came before.
    let batch = writer.queue.take().await;
    assert_eq!(batch.len(), BATCH);
    let Some(Message::Step(last)) = batch.last() else {
        panic!("steps alone were queued")
    };
    assert_eq!(last.record(), first.record);
    drop(batch);
    assert!(renewed.await.unwrap_err().is_unknown());
}

#[tokio::test]
async fn steps_of_attempts_leave_room_for_claims() {
    let bench = Bench::new();
    let (store, mut writer) = bench.start().await;
    let mut renewals: Vec<_> = (0..2 * BATCH)
        .map(|_| store.renew(claim(1).record, claim(1).attempt, LEASE))
        .collect();
    for renewal in &mut renewals {
        queue(renewal).await;
    }
    let mut claimed = store.claim(claim(2));
    queue(&mut claimed).await;
    let batch = writer.queue.take().await;
    let has_the_claim = batch.iter().any(|message| match message {
        Message::Step(step) => step.record() == claim(2).record,
        _ => false,
    });
    assert!(has_the_claim);
}

#[tokio::test]
async fn a_step_of_the_wall_clock_ends_no_lease_and_keeps_none() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    let first = claim(1);
    assert!(matches!(
        store.claim(first.clone()).await.unwrap(),
        Claimed::Won(_)
    ));
    let retry = || store.claim(claim(1).attempt(AttemptId::random()));
    let hour = 3_600_000;
    for step in [hour, -2 * hour] {
        bench.clock.step_wall(step);
        assert!(
            matches!(retry().await.unwrap(), Claimed::Found(_)),
            "{step}"
        );
    }
    bench.clock.advance(LEASE);
    assert!(matches!(retry().await.unwrap(), Claimed::Won(_)));
}

#[tokio::test]
async fn a_listing_goes_on_behind_a_row_that_cannot_be_read() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    for number in 1..=3 {
        let claim = claim(number).label(Label::new("n", "o"));
        assert!(matches!(store.claim(claim).await.unwrap(), Claimed::Won(_)));
    }
    bench
        .sql(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE idempotency_records SET fingerprint = x'00' WHERE rowid = 2;",
        )
        .await;
    for which in [Which::All, Which::RunningLongerThan(Duration::ZERO)] {
        bench.clock.advance(Duration::from_millis(1));
        let page = store.list(List::new(which)).await.unwrap();
        let records: Vec<_> = page.records.iter().map(|it| it.record).collect();
        assert_eq!(records, [claim(1).record, claim(3).record]);
        assert_eq!(page.next, None);
    }
}

#[tokio::test]
async fn a_listing_goes_on_behind_a_whole_page_of_rows_that_cannot_be_read() {
    let bench = Bench::new();
    let store = bench.options().open().await.unwrap();
    let last = claim(0xff);
    assert!(matches!(
        store.claim(last.clone()).await.unwrap(),
        Claimed::Won(_)
    ));
    bench
        .sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO idempotency_records
                 (record_id, fingerprint, attempt, phase, lease_until, extra, created_at, updated_at)
             SELECT unhex(printf('%064x', i)), zeroblob(32), zeroblob(16), 'running', 1, x'01', 1, 1 FROM n;",
        )
        .await;
    bench.clock.advance(Duration::from_millis(1));
    for which in [Which::All, Which::RunningLongerThan(Duration::ZERO)] {
        let mut list = List::new(which);
        let mut records = Vec::new();
        loop {
            let page = store.list(list.clone()).await.unwrap();
            records.extend(page.records.iter().map(|it| it.record));
            let Some(next) = page.next else { break };
            list = list.after(next);
        }
        assert_eq!(records, [last.record]);
    }
}
