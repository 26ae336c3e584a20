//! The HTTP contract on axum.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../hosts/axum.rs"]
mod host;
#[path = "../suite/mod.rs"]
mod on_axum;
