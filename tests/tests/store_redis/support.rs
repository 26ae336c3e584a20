//! Claims, keys and servers for these tests.

use std::error::Error;
use std::time::Duration;

use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Label, RedisStore, RedisStoreOptions, Store, Takeover,
};
use idempotent_test_servers::{Redis, Server, redis_url};
use idempotent_tests::OwnRecords;
use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue};

/// A store on a server, with another connection to look at what it wrote.
pub(crate) struct Bench {
    pub(crate) store: RedisStore,
    prefix: String,
    url: String,
    /// On a server that tests share.
    _records: Option<OwnRecords>,
}

impl Bench {
    /// On the server that tests share.
    pub(crate) async fn new() -> Self {
        let records = OwnRecords::at(redis_url());
        let (url, prefix) = (records.url().to_owned(), records.name().to_owned());
        Self::with(url, prefix, Some(records)).await
    }

    /// On a server of the test's own.
    pub(crate) async fn on(url: String) -> Self {
        Self::with(url, "records".to_owned(), None).await
    }

    async fn with(url: String, prefix: String, records: Option<OwnRecords>) -> Self {
        let options = RedisStoreOptions::new().prefix(&prefix);
        Self {
            store: options.connect(&url).await.unwrap(),
            prefix,
            url,
            _records: records,
        }
    }

    /// One more handle on the same records, with a connection of its own.
    pub(crate) async fn another(&self) -> RedisStore {
        let options = RedisStoreOptions::new().prefix(&self.prefix);
        options.connect(&self.url).await.unwrap()
    }

    pub(crate) fn key(&self, record: RecordId) -> String {
        format!("{}:{record}", self.prefix)
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        connection(&self.url).await
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command
            .query_async(&mut self.connection().await)
            .await
            .unwrap()
    }

    pub(crate) async fn pttl(&self, claim: &Claim) -> i64 {
        self.ask(redis::cmd("PTTL").arg(self.key(claim.record)))
            .await
    }
}

pub(crate) async fn connection(url: &str) -> MultiplexedConnection {
    let client = Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// A Redis that loses nothing that it acknowledged.
pub(crate) fn durable() -> Server {
    let settings = Redis::new()
        .setting("appendonly", "yes")
        .setting("appendfsync", "always");
    settings.start().unwrap()
}

pub(crate) fn new_claim() -> Claim {
    let mut record = [0; 32];
    record[..16].copy_from_slice(AttemptId::random().as_bytes());
    let (record, fingerprint) = (
        RecordId::from_bytes(record),
        Fingerprint::from_bytes([7; 32]),
    );
    Claim::new(
        record,
        fingerprint,
        AttemptId::random(),
        Duration::from_secs(30),
    )
    .takeover(Takeover::Abandoned)
    .label(Label::new("billing", "POST /orders/{}"))
}

pub(crate) fn retry(claim: &Claim) -> Claim {
    claim.clone().attempt(AttemptId::random())
}

/// A claim that holds for this long.
pub(crate) fn new_claim_for(lease: Duration) -> Claim {
    let mut claim = new_claim();
    claim.lease = lease;
    claim
}

pub(crate) fn completion(ttl: Ttl) -> Completion {
    Completion::new(Disposition::Completed, Some(outcome("done")), ttl)
}

pub(crate) fn outcome(body: &'static str) -> Outcome {
    Outcome::new(200, Headers::default(), body)
}

pub(crate) async fn win(store: &dyn Store, claim: &Claim) {
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)), "{claimed:?}");
}

pub(crate) async fn complete(store: &dyn Store, claim: &Claim, ttl: Ttl) {
    let fence = store.complete(claim.record, claim.attempt, completion(ttl));
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

pub(crate) async fn release(store: &dyn Store, claim: &Claim) {
    let fence = store.release(claim.record, claim.attempt);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

/// Asks again and again until the answer is yes.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(30), async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(patience.await.is_ok(), "{what}: not within half a minute");
}
