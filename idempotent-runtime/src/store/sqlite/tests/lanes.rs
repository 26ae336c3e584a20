//! Which steps go first.

use super::*;

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
