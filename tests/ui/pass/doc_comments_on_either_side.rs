//! Doc comments in every form, above the attribute and below it, in a crate that asks for them.
#![deny(warnings, missing_docs, clippy::missing_docs_in_private_items)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

/// Above.
#[idempotent(scope = global)]
pub async fn above(body: String) -> String {
    body
}

#[idempotent(scope = global)]
/// Below.
pub async fn below(body: String) -> String {
    body
}

/** Above, as a block. */
#[idempotent(scope = global)]
/// And below, with a list:
///
/// - one
/// - two
#[doc = concat!("And ", "more.")]
#[doc(alias = "create")]
pub async fn both(body: String) -> String {
    body
}

#[doc(hidden)]
#[idempotent(scope = global)]
pub async fn hidden() {}

/// A module.
pub mod tasks {
    /// Creates one.
    #[super::idempotent(scope = global)]
    pub async fn create() {
        //! What the body says of itself.
    }
}

fn main() {
    let _: Router = Router::new()
        .route("/a", post(above))
        .route("/b", post(below))
        .route("/c", post(both))
        .route("/d", post(hidden))
        .route("/e", post(tasks::create));
}
