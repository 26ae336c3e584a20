//! Which responses can be replayed.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use axum::response::{AppendHeaders, Html, IntoResponse, NoContent, Redirect, Response};
use axum::{Form, Json};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::outcome::Disposition;

/// A response whose body is complete, so that a record can keep it and a retry can get it again.
///
/// Types of axum whose bodies are complete implement it. An error type of your own needs one line where its status says
/// enough:
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
/// A stream, server-sent events and a bare [`Response`] do not implement it: nobody can tell whether they end.
/// `response = buffer` takes any response and reads it to its end first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replayed to a retry",
    label = "not a `Replay`",
    note = "a type of your own needs one line beside its `IntoResponse`: `impl idempotent_runtime::axum::Replay for {Self} {{}}`",
    note = "a value that implements `serde::Serialize` is answered as `Json(value)`; of a tuple, every part must be replayable",
    note = "of what may be a stream name the parts, such as `(StatusCode, Json<Task>)`; or write `#[idempotent(response = buffer, …)]`, which reads a handler's response to its end and keeps it"
)]
pub trait Replay: IntoResponse {
    /// What this response means for the work, where its status does not say it. Default: `None`, as the status says.
    fn disposition(&self) -> Option<Disposition> {
        None
    }
}

/// A part of a response that comes before its body in a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand before a body that is replayed",
    label = "not a `ReplayPart`",
    note = "a status, a `HeaderMap` or an array of headers can"
)]
pub trait ReplayPart {
    /// Puts it on the response of what comes behind it.
    fn apply(self, response: Response) -> Response;
}

macro_rules! parts {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> ReplayPart for $ty
        where
            (Self, Response): IntoResponse,
        {
            fn apply(self, response: Response) -> Response {
                (self, response).into_response()
            }
        }
    )*};
}

parts! {
    [] StatusCode,
    [] HeaderMap,
    [K, V, const N: usize] [(K, V); N],
    [I] AppendHeaders<I>,
}

macro_rules! complete_bodies {
    ($($(#[$attr:meta])* $ty:ty),* $(,)?) => {$(
        $(#[$attr])*
        impl Replay for $ty {}
    )*};
}

// A message that lists what can be replayed names a few types, not all; and of a tuple or an `Html` it says the whole,
// since each asks two things of what is in it.
complete_bodies! {
    StatusCode,
    String,
    Bytes,
    #[diagnostic::do_not_recommend]
    (),
    #[diagnostic::do_not_recommend]
    NoContent,
    #[diagnostic::do_not_recommend]
    Redirect,
    #[diagnostic::do_not_recommend]
    HeaderMap,
    #[diagnostic::do_not_recommend]
    Infallible,
    #[diagnostic::do_not_recommend]
    &'static str,
    #[diagnostic::do_not_recommend]
    Box<str>,
    #[diagnostic::do_not_recommend]
    Cow<'static, str>,
    #[diagnostic::do_not_recommend]
    BytesMut,
    #[diagnostic::do_not_recommend]
    Vec<u8>,
    #[diagnostic::do_not_recommend]
    &'static [u8],
    #[diagnostic::do_not_recommend]
    Box<[u8]>,
    #[diagnostic::do_not_recommend]
    Cow<'static, [u8]>,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::JsonRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::FormRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::QueryRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::PathRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::BytesRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::StringRejection,
    #[diagnostic::do_not_recommend]
    axum::extract::rejection::ExtensionRejection,
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Replay for [u8; N] {}
#[diagnostic::do_not_recommend]
impl<const N: usize> Replay for &'static [u8; N] {}
impl<T: Serialize> Replay for Json<T> {}
impl<T: Serialize> Replay for Form<T> {}

#[diagnostic::do_not_recommend]
impl<T> Replay for Html<T>
where
    T: Replay,
    Self: IntoResponse,
{
}

#[diagnostic::do_not_recommend]
impl<K, V, const N: usize> Replay for [(K, V); N] where Self: IntoResponse {}
#[diagnostic::do_not_recommend]
impl<I> Replay for AppendHeaders<I> where Self: IntoResponse {}

impl<T: Replay, E: Replay> Replay for Result<T, E> {
    fn disposition(&self) -> Option<Disposition> {
        match self {
            Ok(value) => value.disposition(),
            Err(error) => error.disposition(),
        }
    }
}

macro_rules! parts_before_a_body {
    ($($part:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: ReplayPart,)+ R: Replay> Replay for ($($part,)+ R)
        where
            Self: IntoResponse,
        {
            fn disposition(&self) -> Option<Disposition> {
                let (.., body) = self;
                body.disposition()
            }
        }
    };
}

parts_before_a_body!(P1);
parts_before_a_body!(P1, P2);
parts_before_a_body!(P1, P2, P3);
parts_before_a_body!(P1, P2, P3, P4);
parts_before_a_body!(P1, P2, P3, P4, P5);
parts_before_a_body!(P1, P2, P3, P4, P5, P6);
parts_before_a_body!(P1, P2, P3, P4, P5, P6, P7);
parts_before_a_body!(P1, P2, P3, P4, P5, P6, P7, P8);

/// A handler's answer.
pub type Reply = crate::http::Reply<Response>;

/// How to make a reply of a `T`. It asks nothing of `T` any more, so a type that cannot be replayed is one error, where
/// its witness was asked for.
pub trait Witness<T> {
    /// Makes the reply.
    fn reply(&self, value: T) -> Reply;
}

/// Makes the reply.
pub fn reply<T>(witness: impl Witness<T>, value: T) -> Reply {
    witness.reply(value)
}

/// The witness for one type.
pub struct Replayable<T> {
    says: fn(&T) -> Option<Disposition>,
    into_response: fn(T) -> Response,
}

impl<T> Replayable<T> {
    pub(super) fn new(
        into_response: fn(T) -> Response,
        says: fn(&T) -> Option<Disposition>,
    ) -> Self {
        Self {
            says,
            into_response,
        }
    }
}

impl<T> Witness<T> for Replayable<T> {
    fn reply(&self, value: T) -> Reply {
        let declared = (self.says)(&value);
        Reply {
            response: (self.into_response)(value),
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
pub struct Either<O, E> {
    ok: O,
    err: E,
}

impl<T, E, WT: Witness<T>, WE: Witness<E>> Witness<Result<T, E>> for Either<WT, WE> {
    fn reply(&self, value: Result<T, E>) -> Reply {
        match value {
            Ok(value) => self.ok.reply(value),
            Err(error) => self.err.reply(error),
        }
    }
}

/// The witness for what stands before a body in a tuple.
pub struct Part<P> {
    apply: fn(P, Response) -> Response,
}

impl<P> fmt::Debug for Part<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").finish_non_exhaustive()
    }
}

/// The witness for a tuple whose every part has one.
#[derive(Debug)]
pub struct Tuple<P, W> {
    parts: P,
    body: W,
}

macro_rules! witnesses_of_tuples {
    ($($part:ident $index:tt),+) => {
        impl<$($part,)+ R, W: Witness<R>> Witness<($($part,)+ R)> for Tuple<($(Part<$part>,)+), W> {
            #[allow(non_snake_case, reason = "a value is named after its type")]
            fn reply(&self, ($($part,)+ body): ($($part,)+ R)) -> Reply {
                let Reply { mut response, declared } = self.body.reply(body);
                $(response = (self.parts.$index.apply)($part, response);)+
                Reply { response, declared }
            }
        }
    };
}

witnesses_of_tuples!(P1 0);
witnesses_of_tuples!(P1 0, P2 1);
witnesses_of_tuples!(P1 0, P2 1, P3 2);
witnesses_of_tuples!(P1 0, P2 1, P3 2, P4 3);
witnesses_of_tuples!(P1 0, P2 1, P3 2, P4 3, P5 4);
witnesses_of_tuples!(P1 0, P2 1, P3 2, P4 3, P5 4, P6 5);
witnesses_of_tuples!(P1 0, P2 1, P3 2, P4 3, P5 4, P6 5, P7 6);
witnesses_of_tuples!(P1 0, P2 1, P3 2, P4 3, P5 4, P6 5, P7 6, P8 7);

/// The witness for a type that implements [`Replay`].
pub fn need_replay<T: Replay>() -> Replayable<T> {
    Replayable::new(T::into_response, T::disposition)
}

/// A [`Replay`], asked of what is called as a stream is. Only the message differs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may be a stream, which cannot be replayed to a retry",
    label = "nobody can tell whether this ends",
    note = "name what the response is made of, such as `(StatusCode, Json<Task>)`",
    note = "or write `#[idempotent(response = buffer, …)]`, which reads the response to its end and keeps it",
    note = "a type of your own needs one line: `impl idempotent_runtime::axum::Replay for X {{}}`"
)]
pub trait NoStream: Replay {}

#[diagnostic::do_not_recommend]
impl<T: Replay> NoStream for T {}

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

/// The witness for a type that is called as a stream is.
pub fn need_no_stream<T: NoStream>() -> Replayable<T> {
    need_replay()
}

/// The witness for a result of two types that have one.
pub fn need_result<O, E>(ok: O, err: E) -> Either<O, E> {
    Either { ok, err }
}

/// The witness for a type that implements [`ReplayPart`].
pub fn need_part<P: ReplayPart>() -> Part<P> {
    Part { apply: P::apply }
}

/// The witness for a tuple: of its parts, and of the body behind them.
pub fn need_tuple<P, W>(parts: P, body: W) -> Tuple<P, W> {
    Tuple { parts, body }
}

/// An [`IntoResponse`]. Only the message differs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no response",
    label = "not an `IntoResponse`",
    note = "implement `axum::response::IntoResponse` for it, or answer it as JSON, by `axum::Json<{Self}>`"
)]
pub trait AnyResponse: IntoResponse {}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse> AnyResponse for T {}
