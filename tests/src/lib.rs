//! What the tests share: a server on a socket, a client, a gate for handlers, a store that fails on command.

// A test that cannot go on says so by panicking.
#![allow(clippy::missing_panics_doc, clippy::unwrap_used)]

mod child;
mod client;
mod faulty;
mod gate;
mod server;
pub mod store_contract;

use std::time::Duration;

pub use self::child::Child;
pub use self::client::{Client, RawConnection, Reply};
pub use self::faulty::{FaultyStore, Step, When};
pub use self::gate::Gate;
pub use self::server::{Departures, Server};

/// Waits for what must happen, and fails the test if it does not.
pub async fn within_a_minute<T>(what: &str, future: impl Future<Output = T>) -> T {
    let timeout = tokio::time::timeout(Duration::from_mins(1), future);
    timeout
        .await
        .unwrap_or_else(|_| panic!("waited for a minute in vain until {what}"))
}
