//! What is PostgreSQL's own: its clock, its migrations, its settings.

#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::PostgresStore;
use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::fingerprint::Fingerprint;
use idempotent_runtime::identity::{AttemptId, RecordId};
use idempotent_runtime::store::conformance::{Expiry, Harness};
use idempotent_runtime::store::postgres::{Layout, Protocol};
use idempotent_runtime::store::{
    Claim, Claimed, PostgresStoreOptions, State, Store, StoreError, Takeover,
};
use idempotent_runtime::store_conformance;
use idempotent_test_servers::{pgbouncer_url, postgres_url};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

/// A table of its own, on the server that all tests share.
struct Postgres {
    url: String,
    table: String,
    clock: ManualClock,
    layout: Layout,
    protocol: Protocol,
}

impl Postgres {
    fn new(url: String, layout: Layout, protocol: Protocol) -> Self {
        let clock = ManualClock::new();
        // A day that is not the first of all.
        clock.advance(Duration::from_hours(24 * 365 * 50));
        Self {
            url,
            table: format!("t_{}", AttemptId::random()),
            clock,
            layout,
            protocol,
        }
    }

    fn plain() -> Self {
        Self::new(postgres_url(), Layout::Plain, Protocol::Prepared)
    }

    fn by_days() -> Self {
        Self::new(postgres_url(), Layout::PartitionedByDay, Protocol::Prepared)
    }

    fn behind_pgbouncer() -> Self {
        Self::new(pgbouncer_url(), Layout::Plain, Protocol::Simple)
    }

    fn options(&self) -> PostgresStoreOptions {
        PostgresStoreOptions::new()
            .table(&self.table)
            .layout(self.layout)
            .protocol(self.protocol)
            .max_connections(4)
    }

    /// A store that asks the server what time it is.
    async fn store(&self) -> PostgresStore {
        let store = self.options().connect(&self.url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.url)
            .await
            .unwrap()
    }
}

impl Harness for Postgres {
    async fn open(&self) -> Arc<dyn Store> {
        let options = self.options().clock(Arc::new(self.clock.clone()));
        let store = options.connect(&self.url).await.unwrap();
        store.migrate().await.unwrap();
        Arc::new(store)
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn expiry(&self) -> Expiry {
        match self.layout {
            Layout::PartitionedByDay => Expiry::Own,
            _ => Expiry::Sweep,
        }
    }
}

fn claim() -> Claim {
    let mut record = [0; 32];
    record[..16].copy_from_slice(AttemptId::random().as_bytes());
    Claim {
        record: RecordId::from_bytes(record),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        attempt: AttemptId::random(),
        lease: Duration::from_secs(30),
        takeover: Takeover::Abandoned,
    }
}

/// An error and its causes, as a log prints them.
fn told(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

mod on_a_server {
    use super::*;

    store_conformance!(plain, Postgres::plain());
    store_conformance!(by_days, Postgres::by_days());
    store_conformance!(behind_pgbouncer, Postgres::behind_pgbouncer());
}
