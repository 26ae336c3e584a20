//! A payments API as many companies have one, after it adopted `#[idempotent]`.
//!
//! What the framework asked for: the attribute on the two handlers that move money ([`payments`], [`refunds`]), one
//! layer ([`app`]), one line on the error type ([`errors`]), a derive on the organization ([`organizations`]), and a
//! store opened at start-up ([`server`]). The rest is the application as it was.

pub mod app;
pub mod database;
pub mod errors;
pub mod organizations;
pub mod payments;
pub mod provider;
pub mod refunds;
pub mod server;
