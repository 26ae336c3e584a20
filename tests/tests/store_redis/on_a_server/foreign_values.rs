//! What this library did not write is told, and never written over.

use idempotent_runtime::identity::AttemptId;
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{Claim, Resolution, Store, StoreError};
use redis::{Cmd, cmd};

use crate::support::{Bench, chain, complete, completion, new_claim, outcome, win};

async fn all_steps(store: &dyn Store, claim: &Claim) -> Vec<Option<StoreError>> {
    let (record, attempt) = (claim.record, claim.attempt);
    vec![
        store.claim(claim.clone()).await.err(),
        store.load(record).await.err(),
        store.renew(record, attempt, claim.lease).await.err(),
        store.publish(record, attempt, outcome("begun")).await.err(),
        store
            .complete(record, attempt, completion(Ttl::hours(1)))
            .await
            .err(),
        store.release(record, attempt).await.err(),
        store.withdraw(claim.clone()).await.err(),
        store.forget(record, attempt).await.err(),
        store
            .resolve(record, attempt, AttemptId::random(), Resolution::Release)
            .await
            .err(),
    ]
}

async fn dump(bench: &Bench, claim: &Claim) -> Vec<u8> {
    bench.ask(cmd("DUMP").arg(bench.key(claim.record))).await
}

#[tokio::test]
async fn a_foreign_value_under_the_key_is_corrupt_and_stays() {
    let bench = Bench::new().await;
    let writes: [fn(&mut Cmd) -> &mut Cmd; 3] = [
        |write| write.arg("mine"),
        |write| write.arg("mine"),
        |write| write.arg("name").arg("mine"),
    ];
    for (verb, write) in ["SET", "RPUSH", "HSET"].into_iter().zip(writes) {
        let claim = new_claim();
        let () = bench
            .ask(write(cmd(verb).arg(bench.key(claim.record))))
            .await;
        let before = dump(&bench, &claim).await;
        for (number, error) in all_steps(&bench.store, &claim)
            .await
            .into_iter()
            .enumerate()
        {
            let error = error.unwrap_or_else(|| panic!("{verb}: step {number} took it"));
            assert!(error.is_corrupt(), "{verb}: {:?}", chain(&error));
        }
        assert_eq!(dump(&bench, &claim).await, before, "{verb}");
    }
}

#[tokio::test]
async fn a_foreign_value_is_told_with_what_to_do() {
    let bench = Bench::new().await;
    let claim = new_claim();
    let () = bench
        .ask(cmd("SET").arg(bench.key(claim.record)).arg("mine"))
        .await;
    let error = bench.store.load(claim.record).await.unwrap_err();
    let told = chain(&error);
    assert_eq!(
        told[1],
        "something else is stored under a record's key: give the store its own prefix"
    );
    assert!(told[2].starts_with("WRONGTYPE "), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
}

/// Reads the record with one field changed, by a claim and by a load.
#[track_caller]
fn assert_column(error: &StoreError, column: &str, field: &str, value: &str) {
    assert!(error.is_corrupt(), "{field}={value}");
    let told = chain(error);
    assert_eq!(
        told[1],
        format!("column {column} of a record"),
        "{field}={value:?}"
    );
}

#[tokio::test]
async fn fields_that_are_nonsense_are_corrupt() {
    let bench = Bench::new().await;
    for (field, value, column) in [
        ("f", "short", "fingerprint"),
        ("a", "short", "attempt"),
        ("s", "9", "state"),
        ("s", "", "state"),
        ("s", "0", "state"),
        ("e", "soon", "expires_at"),
        ("e", "99999999999999999999", "expires_at"),
        ("c", "-1", "status"),
        ("c", "70000", "status"),
        ("c", "\u{ff}", "status"),
        ("h", "no block", "headers"),
        ("l", "1", "state"),
        ("r", "3", "version"),
        ("r", "2", "origin"),
        ("x", "no block", "extra"),
    ] {
        let claim = new_claim();
        win(&bench.store, &claim).await;
        complete(&bench.store, &claim, Ttl::hours(1)).await;
        let key = bench.key(claim.record);
        let () = bench.ask(cmd("HSET").arg(key).arg(field).arg(value)).await;
        let loaded = bench.store.load(claim.record).await.unwrap_err();
        assert_column(&loaded, column, field, value);
        let claimed = bench.store.claim(claim).await.unwrap_err();
        assert_column(&claimed, column, field, value);
    }
}

#[tokio::test]
async fn an_origin_that_is_nonsense_is_corrupt() {
    let bench = Bench::new().await;
    for (behind_the_attempt, column) in [
        (&b""[..], "claimed_at"),
        (b"then   \0\0", "claimed_at"),
        (b"1 for_long  \0\0", "keep"),
        (b"1  -1 \0\0", "abandoned"),
        (b"1   \x05short\0", "generation"),
        (b"1   \x10short", "origin"),
        (b"1   \0no operation", "origin"),
        (b"1   \0\xff\0", "namespace"),
    ] {
        let claim = new_claim();
        win(&bench.store, &claim).await;
        complete(&bench.store, &claim, Ttl::hours(1)).await;
        let origin = [b"2", &claim.attempt.as_bytes()[..], behind_the_attempt].concat();
        let key = bench.key(claim.record);
        let () = bench.ask(cmd("HSET").arg(key).arg("r").arg(origin)).await;
        let value = String::from_utf8_lossy(behind_the_attempt);
        let loaded = bench.store.load(claim.record).await.unwrap_err();
        assert_column(&loaded, column, "r", &value);
        let claimed = bench.store.claim(claim).await.unwrap_err();
        assert_column(&claimed, column, "r", &value);
    }
}

#[tokio::test]
async fn a_running_record_with_a_field_too_few_is_corrupt() {
    let bench = Bench::new().await;
    for field in ["f", "a", "s", "l"] {
        let claim = new_claim();
        win(&bench.store, &claim).await;
        let () = bench
            .ask(cmd("HDEL").arg(bench.key(claim.record)).arg(field))
            .await;
        let other = crate::support::retry(&claim);
        for error in [
            bench.store.load(claim.record).await.map(drop).unwrap_err(),
            bench.store.claim(other).await.map(drop).unwrap_err(),
        ] {
            assert!(error.is_corrupt(), "{field}: {:?}", chain(&error));
        }
    }
    for nonsense in ["", "never", "0x"] {
        let claim = new_claim();
        win(&bench.store, &claim).await;
        let key = bench.key(claim.record);
        let () = bench.ask(cmd("HSET").arg(key).arg("l").arg(nonsense)).await;
        let (by, resolution) = (AttemptId::random(), Resolution::Release);
        let resolved = bench
            .store
            .resolve(claim.record, claim.attempt, by, resolution);
        assert!(resolved.await.unwrap_err().is_corrupt(), "{nonsense:?}");
        let claimed = bench.store.claim(crate::support::retry(&claim)).await;
        assert!(claimed.unwrap_err().is_corrupt(), "{nonsense:?}");
    }
}
