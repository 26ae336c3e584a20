//! Endpoints that share a policy, and override it.
#![deny(warnings)]

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::{
    Abandoned, KeySource, Policy, Release, StatusRange, StoreDown, Ttl,
};

mod policies {
    use super::*;

    pub const PAYMENTS: Policy = Policy::new()
        .key(KeySource::Header("x-key"))
        .ttl(Ttl::days(7))
        .abandoned(Abandoned::Refuse)
        .release(Release::Statuses(&[StatusRange::new(502, 504)]))
        .lease(Duration::from_secs(10))
        .max_body(1024)
        .max_response(1024)
        .store_down(StoreDown::Unprotected);
}

#[idempotent(policy = policies::PAYMENTS, scope = global)]
async fn pay(body: String) -> String {
    body
}

#[idempotent(policy = policies::PAYMENTS, scope = global, ttl = forever, deadline = "20s", release = never)]
async fn refund(body: String) -> String {
    body
}

fn main() {
    let _: Router = Router::new()
        .route("/pay", post(pay))
        .route("/refund", post(refund));
}
