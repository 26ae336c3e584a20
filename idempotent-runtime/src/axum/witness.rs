//! How a handler's value becomes a reply.

use std::fmt;

use axum::response::{ErrorResponse, IntoResponse, Response};

use super::replay::Replay;
use crate::outcome::Disposition;

/// A handler's answer.
pub type Reply = crate::http::Reply<Response>;

/// How to make a reply of a `T`. It asks nothing of `T` any more, so a type that cannot be replayed is one error, where
/// its witness was asked for.
pub trait Witness<T> {
    /// Makes the reply.
    fn reply(&self, value: T) -> Reply;
}

/// Makes the reply.
#[allow(clippy::needless_pass_by_value, reason = "it is used once")]
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

impl<P> Part<P> {
    pub(super) fn new(apply: fn(P, Response) -> Response) -> Self {
        Self { apply }
    }
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
    note = "or write `#[idempotent(response = buffer, …)]`, which reads the response to its end and keeps it"
)]
pub trait NoStream: Replay {}

#[diagnostic::do_not_recommend]
impl<T: Replay> NoStream for T {}

/// The witness for a type that is called as a stream is.
pub fn need_no_stream<T: NoStream>() -> Replayable<T> {
    need_replay()
}

/// The witness for axum's error that may be any response.
pub fn need_error_response<E: Into<ErrorResponse>>() -> Replayable<E> {
    Replayable::new(
        |error| Err::<(), ErrorResponse>(error.into()).into_response(),
        |_| None,
    )
}

/// The witness for a result of two types that have one.
pub fn need_result<O, E>(ok: O, err: E) -> Either<O, E> {
    Either { ok, err }
}

/// The witness for a tuple: of its parts, and of the body behind them.
pub fn need_tuple<P, W>(parts: P, body: W) -> Tuple<P, W> {
    Tuple { parts, body }
}

/// An [`IntoResponse`]. Only the message differs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response",
    label = "not an `IntoResponse`",
    note = "implement `axum::response::IntoResponse` for it, or answer it as JSON, by `axum::Json<{Self}>`"
)]
pub trait AnyResponse: IntoResponse {}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse> AnyResponse for T {}
