//! What generated code names. Nothing here is for people, and nothing here is stable.

pub use core::future::Future;
pub use core::result::Result::{self, Err, Ok};
pub use core::time::Duration;

pub use actix_web::{HttpRequest, HttpResponse as Response};

pub use super::arguments::Arguments;
pub use super::captured::{CalledThroughItsApp, Captured, NoArgument, Received};
pub use super::on_replay::{OnReplay, Saved};
pub use super::reading::receive;
pub use super::replay::{
    AnyProbe, Probe, Replayable, Reply, Says, Sides, Witness, any_error, any_response, need_error,
    need_replay, need_result, reply, says_nothing,
};
pub use super::run::{
    Call, Decide, Deciding, Entered, Handing, Next, Rest, Run, Undecided, answered, decide,
    decided, deciding, enter, hand_over, key, protect, run, scope,
};
pub use crate::key::KeyArgument;
pub use crate::policy::{
    Abandoned, FingerprintOf, KeyFormat, KeySource, Mismatch, Missing, Operation, Pending, Policy,
    Release, StatusRange, Ttl, millis,
};

/// Asks nothing: a handler on actix-web stays on its thread.
pub fn need_send<F: Future>(future: F) -> F {
    future
}
