//! An orders API on actix-web, after it adopted `#[idempotent]`.
//!
//! What it took: the attribute on the two handlers that change something (`orders.rs`, `cancellations.rs`), the handle as
//! application data ([`app`]), one line for the error type (`errors.rs`), a derive on the caller's type (`shops.rs`), and,
//! at start-up ([`server`]), a store, the application's own form of refusals and a graceful stop. The rest is the
//! application as it was.

pub mod app;
mod cancellations;
pub mod database;
mod errors;
mod orders;
pub mod server;
mod shops;
pub mod warehouse;
