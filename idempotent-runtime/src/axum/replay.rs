//! Which responses can be replayed.

mod complete;
mod parts;

use axum::response::IntoResponse;

pub use self::parts::{PartProbe, ReplayPart};
use crate::outcome::Disposition;

/// A response that a record can keep, so that a retry can get it again.
///
/// Types of axum whose bodies are complete implement it, and so does [`Response`](axum::response::Response), which is read to
/// its end. An error type of your own needs one line where its status says enough:
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use http::StatusCode;
/// use idempotent_runtime::axum::Replay;
/// use idempotent_runtime::Disposition;
///
/// enum ApiError {
///     Declined,
///     ProviderBusy,
/// }
///
/// impl IntoResponse for ApiError {
///     fn into_response(self) -> Response {
///         match self {
///             Self::Declined => StatusCode::PAYMENT_REQUIRED.into_response(),
///             Self::ProviderBusy => StatusCode::BAD_GATEWAY.into_response(),
///         }
///     }
/// }
///
/// // `impl Replay for ApiError {}` would do if 502 meant here what it means elsewhere.
/// impl Replay for ApiError {
///     fn disposition(&self) -> Option<Disposition> {
///         match self {
///             Self::ProviderBusy => Some(Disposition::FailedRetriable), // nothing was charged: the key is given back
///             Self::Declined => None,                                   // as its status says
///         }
///     }
/// }
/// ```
///
/// A workspace whose error type lives in a crate of its own needs no store there: with `default-features = false` and the
/// feature `axum`, this crate has none.
///
/// A stream and server-sent events don't implement it: nobody can tell whether they end. `response = buffer` takes any
/// response and reads it to its end first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replayed to a retry",
    label = "not a `Replay`",
    note = "if the type is yours, write one line beside its `IntoResponse`: `impl idempotent_runtime::axum::Replay for {Self} {{}}`",
    note = "if it isn't, or holds one that isn't, write `#[idempotent(response = buffer, …)]`, which reads any response to its end and keeps it",
    note = "a value that implements `serde::Serialize` is answered as `Json(value)`; of a tuple, every part must be replayable"
)]
pub trait Replay: IntoResponse {
    /// What this response means for the work, where its status does not say it. Default: `None`, as the status says.
    fn disposition(&self) -> Option<Disposition> {
        None
    }
}

/// What [`Attempt::publish`](super::Attempt::publish) takes: a [`Replay`]. Only the compiler's message differs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "not a `Replay`",
    note = "what is published is recorded as its type says: publish the parts, such as `(StatusCode::ACCEPTED, Json(run))`",
    note = "a type of your own needs one line beside its `IntoResponse`: `impl idempotent_runtime::axum::Replay for X {{}}`"
)]
pub trait Publish: Replay {}

#[diagnostic::do_not_recommend]
impl<T: Replay> Publish for T {}
