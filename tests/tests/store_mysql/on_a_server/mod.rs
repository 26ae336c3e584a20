//! What needs a server.

mod conformance;
mod connections;
mod corrupt_rows;
mod durability;
mod earlier_rows;
mod large_outcomes;
mod late_claims;
mod listings;
mod migrations;
mod model;
mod plans;
mod proxy;
mod round_trips;
mod server_clock;
mod sessions;
mod silence;
mod storm;
mod told;

use std::time::Duration;

use idempotent_runtime::MySqlStore;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::outcome::{Disposition, Headers, Outcome};
use idempotent_runtime::policy::Ttl;
use idempotent_runtime::store::mysql::MySqlStoreError;
use idempotent_runtime::store::{
    Claim, Claimed, Completion, Fence, Label, MySqlStoreOptions, Record, State, Store, Takeover,
};
use idempotent_test_servers::mysql_url;
use idempotent_tests::OwnRecords;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _};

/// A table of one test's own, which is dropped with it.
struct Table {
    name: String,
    _records: OwnRecords,
}

impl Table {
    fn new() -> Self {
        let records = OwnRecords::at(mysql_url());
        Self {
            name: records.name().to_owned(),
            _records: records,
        }
    }

    fn options(&self) -> MySqlStoreOptions {
        MySqlStoreOptions::new()
            .table(&self.name)
            .max_connections(4)
    }

    async fn connect(&self) -> Result<MySqlStore, MySqlStoreError> {
        self.options().connect(&mysql_url()).await
    }

    /// Opened as another process would open it.
    async fn open(&self) -> MySqlStore {
        let store = self.connect().await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Runs statements in which `{table}` is this table's name, and gives the rows.
    async fn sql(&self, sql: &str) -> Vec<MySqlRow> {
        let mut connection = connect().await;
        self.sql_on(&mut connection, sql).await
    }

    async fn sql_on(&self, connection: &mut MySqlConnection, sql: &str) -> Vec<MySqlRow> {
        let sql = AssertSqlSafe(sql.replace("{table}", &self.name));
        sqlx::raw_sql(sql).fetch_all(connection).await.unwrap()
    }
}

async fn connect() -> MySqlConnection {
    MySqlConnection::connect(&mysql_url()).await.unwrap()
}

async fn is_mariadb() -> bool {
    let version: String = sqlx::query_scalar("SELECT VERSION()")
        .fetch_one(&mut connect().await)
        .await
        .unwrap();
    version.contains("MariaDB")
}

fn record(number: u64) -> RecordId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

fn claim(number: u64) -> Claim {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    let lease = Duration::from_mins(5);
    Claim::new(record(number), fingerprint, AttemptId::random(), lease)
        .takeover(Takeover::Abandoned)
        .label(Label::new("shop", "POST /orders/{}"))
}

fn retry(claim: &Claim) -> Claim {
    claim.clone().attempt(AttemptId::random())
}

fn outcome(body: &str) -> Outcome {
    let headers = Headers::pack([("content-type", "text/plain".as_bytes())]).unwrap();
    Outcome::new(201, headers, body.to_owned())
}

fn completion(body: &str) -> Completion {
    Completion::new(Disposition::Completed, Some(outcome(body)), Ttl::hours(1))
}

async fn win(store: &dyn Store, claim: &Claim) {
    let claimed = store.claim(claim.clone()).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)), "{claimed:?}");
}

async fn find(store: &dyn Store, claim: &Claim) -> Record {
    match store.claim(claim.clone()).await.unwrap() {
        Claimed::Found(record) => record,
        other => panic!("{other:?}"),
    }
}

async fn complete(store: &dyn Store, claim: &Claim, completion: Completion) {
    let fence = store.complete(claim.record, claim.attempt, completion);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}

async fn release(store: &dyn Store, claim: &Claim) {
    let fence = store.release(claim.record, claim.attempt);
    assert_eq!(fence.await.unwrap(), Fence::Held);
}
