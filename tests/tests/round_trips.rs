//! How many messages each step sends to PostgreSQL, counted between the two.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::postgres::{Layout, Protocol};
use idempotent_runtime::store::{
    Claim, Completion, List, PostgresStoreOptions, Renewal, Resolution, Store, Takeover, Which,
};
use idempotent_tests::OwnRecords;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The messages that a client sent, by their types:
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
#[derive(Clone, Debug, Default)]
struct Counts(Arc<Mutex<BTreeMap<char, usize>>>);

impl Counts {
    fn add(&self, kind: u8) {
        *self.0.lock().unwrap().entry(char::from(kind)).or_default() += 1;
    }

    /// What was asked for since the last look: statements prepared, executed, and sent as texts. Each of the latter two is
    /// a round trip, as is preparing. What keeps a connection sound (`Sync`) is no part of a step.
    fn take(&self) -> [usize; 3] {
        let counts = std::mem::take(&mut *self.0.lock().unwrap());
        ['P', 'E', 'Q'].map(|kind| counts.get(&kind).copied().unwrap_or_default())
    }
}

/// Stands between a store and its server.
async fn stand_between(server: SocketAddr) -> (SocketAddr, Counts) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let counts = Counts::default();
    let counting = counts.clone();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (from_client, mut to_client) = client.into_split();
            let (mut from_server, to_server) =
                TcpStream::connect(server).await.unwrap().into_split();
            tokio::spawn(forward(from_client, to_server, counting.clone()));
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    (addr, counts)
}

/// Forwards message by message. The first one has no type.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    counts: Counts,
) -> std::io::Result<()> {
    let mut is_first = true;
    loop {
        let mut message = Vec::new();
        if !is_first {
            let kind = from.read_u8().await?;
            counts.add(kind);
            message.push(kind);
        }
        is_first = false;
        let length = from.read_u32().await?;
        message.extend(length.to_be_bytes());
        let head = message.len();
        message.resize(head + length as usize - 4, 0);
        from.read_exact(&mut message[head..]).await?;
        to.write_all(&message).await?;
    }
}

fn claim() -> Claim {
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
}

/// Does every step once, each on its own, and says what each sent.
async fn every_step(store: &dyn Store, counts: &Counts) -> Vec<(&'static str, [usize; 3])> {
    let (first, second, third) = (claim(), claim(), claim());
    let retry = first.clone().attempt(AttemptId::random());
    let outcome = || Outcome::new(200, Headers::default(), "done");
    let completion = || {
        let ttl = Ttl::After(Duration::from_mins(1));
        Completion::new(Disposition::Completed, Some(outcome()), ttl)
    };
    let renewal = |claim: &Claim| Renewal::new(claim.record, claim.attempt, claim.lease);
    let by = AttemptId::random();
    let (record, attempt) = (first.record, first.attempt);
    let mut sent = Vec::new();
    counts.take();
    macro_rules! step {
        ($name:literal, $step:expr) => {
            let _ = $step.await.unwrap();
            sent.push(($name, counts.take()));
        };
    }
    step!("claim", store.claim(first));
    step!("claim of a running record", store.claim(retry.clone()));
    step!(
        "renew",
        store.renew(record, attempt, Duration::from_secs(30))
    );
    step!("publish", store.publish(record, attempt, outcome()));
    step!("complete", store.complete(record, attempt, completion()));
    step!("claim of a done record", store.claim(retry));
    step!("load", store.load(record));
    step!("forget", store.forget(record, attempt));
    step!("claim", store.claim(second.clone()));
    step!("withdraw", store.withdraw(second));
    let second = claim();
    step!("claim", store.claim(second.clone()));
    step!("release", store.release(second.record, second.attempt));
    step!("claim", store.claim(third.clone()));
    step!("list", store.list(List::new(Which::Abandoned)));
    let fourth = claim();
    step!("claim", store.claim(fourth.clone()));
    let renewed = store.renew_all(vec![renewal(&third), renewal(&fourth)]);
    assert!(renewed.await.iter().all(Result::is_ok));
    sent.push(("renew_all", counts.take()));
    step!(
        "renew",
        store.renew(third.record, third.attempt, Duration::ZERO)
    );
    step!(
        "resolve",
        store.resolve(
            third.record,
            third.attempt,
            by,
            Resolution::Complete(completion())
        )
    );
    sent
}

async fn count(layout: Layout, protocol: Protocol, expected: [usize; 3]) {
    let records = OwnRecords::at(idempotent_test_servers::postgres_url());
    let mut url = reqwest::Url::parse(records.url()).unwrap();
    let server = url.socket_addrs(|| None).unwrap()[0];
    let (between, counts) = stand_between(server).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(between.port())).unwrap();
    url.set_query(Some("sslmode=disable"));
    let store = PostgresStoreOptions::new()
        .table(records.name())
        .layout(layout)
        .protocol(protocol)
        .max_connections(1)
        .connect(url.as_str())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    // A connection prepares each statement once.
    every_step(&store, &counts).await;
    for (step, sent) in every_step(&store, &counts).await {
        assert_eq!(sent, expected, "{step}: [prepared, executed, texts]");
    }
}

mod on_a_server {
    use super::*;

    #[tokio::test]
    async fn every_step_is_one_round_trip() {
        for layout in [Layout::Plain, Layout::PartitionedByDay] {
            count(layout, Protocol::Prepared, [0, 1, 0]).await;
            count(layout, Protocol::Simple, [0, 0, 1]).await;
        }
    }
}
