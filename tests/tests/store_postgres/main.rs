//! What is PostgreSQL's own: its clock, its migrations, its days, its connections, its settings.

#![allow(clippy::unwrap_used)]

/// What needs a server. `cargo xtask test --embedded` leaves it out by this name.
mod on_a_server;
mod support;
