//! The contract of all stores, on a clock that the tests move.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::Store;
use idempotent_runtime::store::conformance::Harness;
use idempotent_runtime::store::mysql::Protocol;
use idempotent_runtime::store_conformance;
use sqlx::mysql::MySqlPoolOptions;

use super::{Table, mysql_url};

/// Every handle has connections of its own: processes differ by no more than that.
struct MySql {
    table: Table,
    clock: ManualClock,
    protocol: Protocol,
}

impl MySql {
    fn new(protocol: Protocol) -> Self {
        Self {
            table: Table::new(),
            clock: ManualClock::new(),
            protocol,
        }
    }
}

impl Harness for MySql {
    async fn open(&self) -> Arc<dyn Store> {
        // A thousand tasks at once wait for their turn, on a machine that does much else.
        let pool = MySqlPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_mins(1))
            .test_before_acquire(false)
            .connect(&mysql_url())
            .await
            .unwrap();
        let store = self
            .table
            .options()
            .protocol(self.protocol)
            .clock(Arc::new(self.clock.clone()))
            .with_pool(pool)
            .unwrap();
        store.migrate().await.unwrap();
        Arc::new(store)
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

store_conformance!(mysql, MySql::new(Protocol::Prepared));
store_conformance!(mysql_simple_protocol, MySql::new(Protocol::Simple));
