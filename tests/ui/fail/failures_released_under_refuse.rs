//! A retry may run after a 500 of unknown effect, and not after a crash. A warning; here it is denied.

#![deny(deprecated)]

use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = refuse, release = failures)]
async fn create(body: String) -> String {
    body
}

fn main() {}
