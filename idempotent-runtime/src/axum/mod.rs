//! The door for axum.
//!
//! `#[idempotent]` turns a handler into one that reads the request, finds the key, and runs the handler's own body at
//! most once for it. Install an [`Idempotency`](crate::Idempotency) as a layer above the routes.
//!
//! A handler that is annotated can no longer be called as a plain function: test it through its router, with
//! `tower::ServiceExt::oneshot`.
//!
//! From the claim on the handler runs in a task of its own, so a client that leaves cancels nothing. Tracing spans
//! follow it there; task-locals cannot.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod attempt;
mod body;
mod buffered;
mod captured;
mod door;
mod head;
mod layer;
mod on_replay;
mod replay;
mod run;
mod witness;

pub use idempotent_macros::axum as idempotent;

pub use self::attempt::Attempt;
pub use self::layer::IdempotencyService;
pub use self::on_replay::{OnReplay, Saved};
pub use self::replay::{Publish, Replay, ReplayPart};
pub use crate::attempt::PublishError;
pub use crate::http::saved::SavedOutcome;
