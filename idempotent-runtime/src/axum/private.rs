//! What generated code names. Nothing here is for people, and nothing here is stable.

pub use core::future::Future;
pub use core::time::Duration;

pub use axum::response::Response;

pub use super::buffered::{Probe, any_response};
pub use super::captured::{
    Call, CalledThroughItsRouter, Captured, NoArgument, Received, Via, receive,
};
pub use super::deciding::{
    Decide, Deciding, Entered, Entry, Undecided, decide, decided, deciding, enter, protect,
};
pub use super::on_replay::{OnReplay, Saved};
pub use super::replay::{
    AnyResponse, Either, NoStream, Part, Replayable, Reply, Tuple, Witness, need_no_stream,
    need_part, need_replay, need_result, need_tuple, reply,
};
pub use super::run::{Handing, Next, Rest, Run, answered, hand_over, key, run, scope};
pub use crate::key::KeyArgument;
pub use crate::policy::{
    Abandoned, FingerprintOf, KeyFormat, KeySource, Mismatch, Missing, Operation, Pending, Policy,
    Release, StatusRange, Ttl,
};

/// A number of milliseconds.
pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Asks, where the handler is written, for what its router would ask for later.
pub fn need_send<F: Future + Send>(future: F) -> F {
    future
}
