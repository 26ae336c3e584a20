//! No prelude, shadowed names, and a runtime by another name.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code)]

extern crate idempotent_runtime as renamed;

struct Result;
struct Option;
struct String;
struct Vec;
struct Policy;
struct Call;

#[renamed::axum::idempotent(crate = ::renamed, scope = (org, 7), key = (org + 1), ttl = "1h")]
async fn create(::axum::extract::Path(org): ::axum::extract::Path<u64>) -> ::axum::Json<u64> {
    ::axum::Json(org)
}

fn main() {
    let _: ::axum::Router = ::axum::Router::new().route("/{org}", ::axum::routing::post(create));
}
