//! Which responses can be replayed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::{
    CustomizeResponder, Either, Error, HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    error, web,
};
use bytes::{Bytes, BytesMut};
use serde::Serialize;

use crate::outcome::Disposition;

/// A response that a record can keep, so that a retry can get it again.
///
/// Types of actix-web whose bodies are complete implement it, and [`HttpResponse`], which is read to its end. An error type
/// of your own needs one line where its status says enough:
///
/// ```
/// use actix_web::http::StatusCode;
/// use actix_web::ResponseError;
/// use idempotent_runtime::Disposition;
/// use idempotent_runtime::actix::Replay;
///
/// #[derive(Debug)]
/// enum ApiError {
///     Declined,
///     ProviderBusy,
/// }
///
/// impl std::fmt::Display for ApiError {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str(match self {
///             Self::Declined => "declined",
///             Self::ProviderBusy => "the provider is busy",
///         })
///     }
/// }
///
/// impl ResponseError for ApiError {
///     fn status_code(&self) -> StatusCode {
///         match self {
///             Self::Declined => StatusCode::PAYMENT_REQUIRED,
///             Self::ProviderBusy => StatusCode::BAD_GATEWAY,
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replayed to a retry",
    label = "not a `Replay`",
    note = "a type of your own needs one line beside its `Responder` or `ResponseError`: `impl idempotent_runtime::actix::Replay for {Self} {{}}`",
    note = "a value that implements `serde::Serialize` is answered as `web::Json(value)`",
    note = "a type of another crate can be answered as `HttpResponse`, or write `#[idempotent(response = buffer, …)]`, which reads any response to its end and keeps it"
)]
pub trait Replay {
    /// What this response means for the work, where its status does not say it. Default: `None`, as the status says.
    fn disposition(&self) -> Option<Disposition> {
        None
    }
}

macro_rules! complete_bodies {
    ($($(#[$attr:meta])* [$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        $(#[$attr])*
        impl<$($generics)*> Replay for $ty {}
    )*};
}

// A message that lists what can be replayed names a few types, not all.
complete_bodies! {
    [] String,
    [] Bytes,
    [B: MessageBody + 'static] HttpResponse<B>,
    [T: Serialize] web::Json<T>,
    [T: Serialize] web::Form<T>,
    #[diagnostic::do_not_recommend] [] HttpResponseBuilder,
    #[diagnostic::do_not_recommend] [] &'static str,
    #[diagnostic::do_not_recommend] [] Cow<'static, str>,
    #[diagnostic::do_not_recommend] [] BytesMut,
    #[diagnostic::do_not_recommend] [] Vec<u8>,
    #[diagnostic::do_not_recommend] [] &'static [u8],
    #[diagnostic::do_not_recommend] [] web::Html,
    #[diagnostic::do_not_recommend] [] web::Redirect,
    #[diagnostic::do_not_recommend] [] Error,
    #[diagnostic::do_not_recommend] [] (),
    #[diagnostic::do_not_recommend] [] std::convert::Infallible,
    #[diagnostic::do_not_recommend] [] error::JsonPayloadError,
    #[diagnostic::do_not_recommend] [] error::UrlencodedError,
    #[diagnostic::do_not_recommend] [] error::PathError,
    #[diagnostic::do_not_recommend] [] error::QueryPayloadError,
    #[diagnostic::do_not_recommend] [] error::PayloadError,
    #[diagnostic::do_not_recommend] [] error::UrlGenerationError,
    #[diagnostic::do_not_recommend] [] error::ReadlinesError,
    #[diagnostic::do_not_recommend] [T] error::InternalError<T>,
}

impl<T: Replay, E: Replay> Replay for Result<T, E> {
    fn disposition(&self) -> Option<Disposition> {
        match self {
            Ok(value) => value.disposition(),
            Err(error) => error.disposition(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Replay> Replay for Option<T> {
    fn disposition(&self) -> Option<Disposition> {
        self.as_ref().and_then(Replay::disposition)
    }
}

#[diagnostic::do_not_recommend]
impl<L: Replay, R: Replay> Replay for Either<L, R> {
    fn disposition(&self) -> Option<Disposition> {
        match self {
            Self::Left(left) => left.disposition(),
            Self::Right(right) => right.disposition(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Replay> Replay for (T, StatusCode) {
    fn disposition(&self) -> Option<Disposition> {
        self.0.disposition()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Replay> Replay for CustomizeResponder<T> {}

/// What [`Attempt::publish`](super::Attempt::publish) takes: a [`Replay`] that is a `Responder`. Only the compiler's message
/// differs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "not a `Replay`",
    note = "what is published is recorded as its type says: publish for example `(web::Json(run), StatusCode::ACCEPTED)`",
    note = "a type of your own needs one line beside its `Responder`: `impl idempotent_runtime::actix::Replay for X {{}}`"
)]
pub trait Publish: Replay + Responder<Body: 'static> {}

#[diagnostic::do_not_recommend]
impl<T: Replay + Responder<Body: 'static>> Publish for T {}

/// A handler's answer.
pub type Reply = crate::http::Reply<HttpResponse>;

/// How to make a reply of a `T`. It asks nothing of `T` any more, so a type that cannot be replayed is one error, where
/// its witness was asked for.
pub trait Witness<T> {
    /// Makes the reply.
    fn reply(&self, request: &HttpRequest, value: T) -> Reply;
}

/// Makes the reply.
#[allow(clippy::needless_pass_by_value, reason = "it is used once")]
pub fn reply<T>(witness: impl Witness<T>, request: &HttpRequest, value: T) -> Reply {
    witness.reply(request, value)
}

/// The witness for one type.
pub struct Replayable<T> {
    says: Says<T>,
    respond: fn(T, &HttpRequest) -> HttpResponse,
}

impl<T> Witness<T> for Replayable<T> {
    fn reply(&self, request: &HttpRequest, value: T) -> Reply {
        let declared = (self.says)(&value);
        Reply {
            response: (self.respond)(value, request),
            declared,
        }
    }
}

impl<T> fmt::Debug for Replayable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayable").finish_non_exhaustive()
    }
}

/// The witness for a result of two types that have one.
#[derive(Debug)]
pub struct Sides<O, E> {
    ok: O,
    err: E,
}

impl<T, E, WT: Witness<T>, WE: Witness<E>> Witness<Result<T, E>> for Sides<WT, WE> {
    fn reply(&self, request: &HttpRequest, value: Result<T, E>) -> Reply {
        match value {
            Ok(value) => self.ok.reply(request, value),
            Err(error) => self.err.reply(request, error),
        }
    }
}

fn respond<T: Responder<Body: 'static>>(value: T, request: &HttpRequest) -> HttpResponse {
    value.respond_to(request).map_into_boxed_body()
}

fn respond_with_error<E: Into<Error>>(error: E, _: &HttpRequest) -> HttpResponse {
    HttpResponse::from_error(error)
}

/// The witness for a type that implements [`Replay`].
pub fn need_replay<T: Replay + Responder<Body: 'static>>() -> Replayable<T> {
    Replayable {
        says: T::disposition,
        respond,
    }
}

/// The witness for an error that implements [`Replay`].
pub fn need_error<E: Replay + Into<Error>>() -> Replayable<E> {
    Replayable {
        says: E::disposition,
        respond: respond_with_error,
    }
}

/// The witness for a result of two types that have one.
pub fn need_result<O, E>(ok: O, err: E) -> Sides<O, E> {
    Sides { ok, err }
}

/// The witness for any response.
pub fn any_response<T: Responder<Body: 'static>>(says: Says<T>) -> Replayable<T> {
    Replayable { says, respond }
}

/// The witness for any error.
pub fn any_error<E: Into<Error>>(says: Says<E>) -> Replayable<E> {
    Replayable {
        says,
        respond: respond_with_error,
    }
}

/// Asks of a type what it can say. Methods are looked for on this first, and then on what it dereferences to.
pub struct Probe<T>(AnyProbe<T>);

/// What is asked last.
pub struct AnyProbe<T>(PhantomData<fn() -> T>);

/// What a type says of a value.
pub type Says<T> = fn(&T) -> Option<Disposition>;

impl<T> Probe<T> {
    /// The probe for a type.
    pub const NEW: Self = Self(AnyProbe(PhantomData));
}

impl<T> Deref for Probe<T> {
    type Target = AnyProbe<T>;

    fn deref(&self) -> &AnyProbe<T> {
        &self.0
    }
}

// What is found by calling a method is its own type alone.
#[allow(clippy::unused_self)]
impl<T: Replay> Probe<T> {
    /// The type says what it means.
    pub fn says(&self) -> Says<T> {
        T::disposition
    }
}

#[allow(clippy::unused_self)]
impl<T> AnyProbe<T> {
    /// The type says nothing: its status does.
    pub fn says(&self) -> Says<T> {
        says_nothing
    }
}

/// What a type says that says nothing.
pub fn says_nothing<T>(_: &T) -> Option<Disposition> {
    None
}

impl<T> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

impl<T> fmt::Debug for AnyProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyProbe")
    }
}
