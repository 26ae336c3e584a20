//! Each line of the contracts, seen by an HTTP client over a real socket. A module is one API.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod agiled;
mod agrenting;
mod draft;
mod moda;
mod program;
mod support;
mod truedy;
mod whet;
