//! From a validated attribute to code. Nothing is decided here.

mod axum;
mod policy;

pub(crate) use self::axum::axum;
