//! Five published idempotency contracts and the IETF draft, each expressed by `#[idempotent]` alone.
//!
//! A module is one API: its endpoints, the function that writes refusals in its envelope, how its handle is built
//! (`idempotency`), and its router (`app`). The README has a table of which line of a contract is which option.

pub mod agiled;
pub mod agrenting;
mod backend;
mod callers;
pub mod draft;
pub mod moda;
pub mod server;
mod table;
pub mod truedy;
pub mod whet;

pub use self::backend::Backend;
