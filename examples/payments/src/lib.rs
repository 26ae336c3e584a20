//! A payments API as many companies have one, after it adopted `#[idempotent]`.
//!
//! What the framework asked for: the attribute on the two handlers that move money (`payments.rs`, `refunds.rs`), one
//! layer ([`app`]), one line on the error type (`errors.rs`), a derive on the organization (`organizations.rs`), and a
//! store opened at start-up ([`server`]). The rest is the application as it was.

pub mod app;
pub mod database;
mod errors;
mod organizations;
mod payments;
pub mod provider;
mod refunds;
pub mod server;
pub mod store;
