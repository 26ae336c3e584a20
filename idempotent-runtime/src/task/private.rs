//! What generated code names. Nothing here is for people, and nothing here is stable.

pub use core::convert::From;
pub use core::future::Future;
pub use core::result::Result::{self, Err, Ok};
pub use core::time::Duration;
pub use std::boxed::Box;

pub use super::attempt::Attempt;
pub use super::call::{Begun, Call, Run, begin, call, fingerprint, key, run, scope};
pub use super::rejection::Rejection;
pub use super::value::{ErrorProbe, Form, Returns, Sides, need_recorded, need_result};
pub use crate::key::KeyArgument;
pub use crate::policy::{
    Abandoned, FingerprintOf, KeyFormat, KeySource, Mismatch, Missing, Operation, Pending, Policy,
    Release, StatusRange, Ttl, millis,
};

/// A rejection as what the function returns in its place.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't say that the call was refused",
    label = "needs `From<Rejection>`",
    note = "a call is refused while another attempt runs, for example: write `impl From<idempotent_runtime::task::Rejection> for {Self}`",
    note = "a function that can't fail returns a `Result` once it is idempotent, whose error implements it"
)]
pub trait Rejected: From<Rejection> {}

#[diagnostic::do_not_recommend]
impl<T: From<Rejection>> Rejected for T {}

/// How a rejection is told.
pub fn need_rejected<T: Rejected>() -> fn(Rejection) -> T {
    T::from
}
