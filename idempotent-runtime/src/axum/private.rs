//! What generated code names. Nothing here is for people, and nothing here is stable.

pub use core::future::Future;
pub use core::result::Result::{self, Err, Ok};
pub use core::time::Duration;

pub use axum::response::Response;

pub use super::buffered::{Probe, any_response};
pub use super::captured::{CalledThroughItsRouter, Captured, NoArgument, Received, Via, receive};
pub use super::on_replay::{OnReplay, Saved};
pub use super::replay::PartProbe;
pub use super::run::{
    Call, Decide, Deciding, Entered, Handing, Next, Rest, Run, Undecided, answered, decide,
    decided, deciding, enter, hand_over, key, protect, run, scope,
};
pub use super::witness::{
    AnyResponse, Either, NoStream, Part, Replayable, Reply, Tuple, Witness, need_error_response,
    need_no_stream, need_replay, need_result, need_tuple, reply,
};
pub use crate::key::KeyArgument;
pub use crate::policy::{
    Abandoned, FingerprintOf, KeyFormat, KeySource, Mismatch, Missing, Operation, Pending, Policy,
    Release, StatusRange, Ttl, millis,
};

/// Asks, where the handler is written, for what its router would ask for later.
pub fn need_send<F: Future + Send>(future: F) -> F {
    future
}
