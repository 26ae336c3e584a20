//! The contract of all stores.

use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::store::conformance::{Expiry, Harness};
use idempotent_runtime::store::{RedisStoreOptions, Store};
use idempotent_runtime::store_conformance;
use idempotent_test_servers::{redis_cluster_urls, redis_url};

use crate::support::fresh_prefix;

/// Every handle has a connection of its own, as another process has.
struct Redis {
    clock: ManualClock,
    prefix: String,
    place: Place,
}

enum Place {
    Single(String),
    Cluster(Vec<String>),
}

impl Redis {
    fn new(place: Place) -> Self {
        Self {
            clock: ManualClock::new(),
            prefix: fresh_prefix(),
            place,
        }
    }

    fn single() -> Self {
        Self::new(Place::Single(redis_url()))
    }

    fn cluster() -> Self {
        Self::new(Place::Cluster(redis_cluster_urls()))
    }
}

impl Harness for Redis {
    async fn open(&self) -> Arc<dyn Store> {
        let options = RedisStoreOptions::new()
            .prefix(&self.prefix)
            .clock(Arc::new(self.clock.clone()))
            // The machine may do much else.
            .answered_within(Duration::from_secs(30));
        let store = match &self.place {
            Place::Single(url) => options.connect(url).await,
            Place::Cluster(urls) => options.connect_cluster(urls).await,
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

store_conformance!(single, Redis::single());
store_conformance!(cluster, Redis::cluster());
