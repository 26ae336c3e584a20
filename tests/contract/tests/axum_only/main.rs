//! Tests of the HTTP contract that are about something only axum has. Each module says what.

#![allow(clippy::unwrap_used, missing_docs)]

mod blocked_workers;
mod body_limit;
mod nested;
