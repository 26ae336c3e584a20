//! The HTTP contract on actix-web.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../hosts/actix.rs"]
mod host;
#[path = "../suite/mod.rs"]
mod on_actix;
