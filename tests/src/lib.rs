//! What the tests share: a server on a socket, a client, a gate for handlers, a store that fails on command.

// A test that cannot go on says so by panicking.
#![allow(clippy::missing_panics_doc, clippy::unwrap_used)]

mod bounded;
mod child;
mod client;
mod faulty;
mod gate;
mod lines;
mod proxy;
mod server;
mod stores;

pub use self::bounded::{bounded, until, within_a_minute};
pub use self::child::Child;
pub use self::client::{Client, RawConnection, Reply, Request};
pub use self::faulty::{FaultyStore, Step, When};
pub use self::gate::Gate;
pub use self::lines::Lines;
pub use self::proxy::Proxy;
pub use self::server::{Departure, Departures, Server, Watch};
pub use self::stores::{OwnRecords, open_store};
