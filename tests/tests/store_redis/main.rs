//! What the Redis store promises: the contract of all stores, and what it adds.

#![allow(clippy::unwrap_used)]

mod credentials;
/// What needs a server. `cargo xtask test --embedded` leaves it out by this name.
mod on_a_server;
mod support;
