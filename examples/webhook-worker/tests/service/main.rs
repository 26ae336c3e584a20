//! The service, on a PostgreSQL that the tests share.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod program;
mod receiving;
mod support;
mod working;
