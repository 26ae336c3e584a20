//! What HTTP asks of a call, whichever framework serves it. It knows neither a framework nor the `http` crate.
//!
//! A request goes through these states, each of which consumes the one before:
//!
//! ```text
//! receive(head) → Reading → read(body) → Claimable → claiming() → Claiming → enter → HeldCall → run → response
//! ```
//!
//! The order is that of the contract. What a framework has to do is small and decides nothing: it tells a request's
//! [`Head`], extracts the arguments in between, reads bodies, and turns an [`Answer`](answer::Answer) into its own
//! response, which is what a [`Door`] is.

#![allow(
    unreachable_pub,
    reason = "generated code names some of it through a door"
)]

pub(crate) mod answer;
pub(crate) mod call;
pub(crate) mod content_type;
pub(crate) mod detaching;
pub(crate) mod door;
pub(crate) mod head;
mod keys;
pub(crate) mod problem;
pub(crate) mod refuse;
pub(crate) mod request;
pub(crate) mod run;
pub(crate) mod saved;

pub use self::answer::Answer;
pub use self::detaching::Detaching;
pub use self::door::{Door, Read, Reply, Whole};
pub(crate) use self::head::{Head, Line, PathParameter};
pub(crate) use self::refuse::Refuser;
pub(crate) use self::request::{Claimable, Received, receive};
