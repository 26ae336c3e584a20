//! A warning of ours is silenced where the policy is meant as it is.

#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global, abandoned = refuse, release = failures)]
#[allow(deprecated)]
async fn create(body: String) -> String {
    body
}

fn main() {
    let _: Router = Router::new().route("/", post(create));
}
