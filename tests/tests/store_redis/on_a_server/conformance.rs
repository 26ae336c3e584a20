//! The contract of all stores.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::conformance::{Expiry, Harness};
use idempotent_runtime::store::{RedisStoreOptions, Store};
use idempotent_runtime::store_conformance;
use idempotent_test_servers::{redis_cluster_urls, redis_url};
use idempotent_tests::OwnRecords;

/// Every handle has a connection of its own, as another process has.
struct Redis {
    clock: ManualClock,
    records: OwnRecords,
    is_cluster: bool,
}

impl Redis {
    fn single() -> Self {
        Self {
            clock: ManualClock::new(),
            records: OwnRecords::at(redis_url()),
            is_cluster: false,
        }
    }

    fn cluster() -> Self {
        Self {
            clock: ManualClock::new(),
            records: OwnRecords::at(redis_cluster_urls().join(",")),
            is_cluster: true,
        }
    }
}

impl Harness for Redis {
    async fn open(&self) -> Arc<dyn Store> {
        let options = RedisStoreOptions::new()
            .prefix(self.records.name())
            .clock(Arc::new(self.clock.clone()))
            // The machine may do much else.
            .answered_within(Duration::from_secs(30));
        let url = self.records.url();
        let store = if self.is_cluster {
            options.connect_cluster(url.split(',')).await
        } else {
            options.connect(url).await
        };
        Arc::new(store.unwrap())
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn expiry(&self) -> Expiry {
        Expiry::Own
    }
}

store_conformance!(redis, Redis::single());
store_conformance!(redis_cluster, Redis::cluster());
