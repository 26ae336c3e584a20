//! Steps that are committed together.

use super::*;

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
async fn an_outcome_that_fits_no_row_is_refused_before_it_is_queued() {
    let size = LARGEST_OUTCOME + 1;
    // Zeroed pages that nobody writes to take no memory.
    let outcome = Outcome::new(200, Headers::default(), vec![0; size]);
    let error = check_size(Some(&outcome)).unwrap_err();
    assert!(error.is_too_large());
}
