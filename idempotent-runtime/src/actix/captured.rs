//! A request that is held back until its policy is known, and its handler's arguments with it.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, dev};

use super::run::Call;

/// The request and the way to a handler's arguments: `F` before the last, and the last, `L`.
///
/// The compiler names it to who calls an annotated handler as a function, in a test for example; so its name says how the
/// handler is called instead: through its application, with `actix_web::test`.
pub struct CalledThroughItsApp<F, L> {
    pub(super) request: HttpRequest,
    pub(super) payload: dev::Payload,
    arguments: PhantomData<fn() -> (F, L)>,
}

/// The same under the name that everything but such a message uses.
pub type Captured<F, L> = CalledThroughItsApp<F, L>;

/// A request that was read.
pub enum Received<F, L> {
    /// Its call, the request, and the handler's arguments.
    Run(Call, HttpRequest, F, L),
    /// The answer is known.
    Answered(HttpResponse),
}

impl<F, L> FromRequest for Captured<F, L> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
            arguments: PhantomData,
        }))
    }
}

/// What stands for the last argument of a handler that has none.
#[derive(Clone, Copy, Debug)]
pub struct NoArgument;

impl FromRequest for NoArgument {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

impl<F, L> fmt::Debug for Captured<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured").finish_non_exhaustive()
    }
}

impl<F, L> fmt::Debug for Received<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(..) => "Run(..)",
            Self::Answered(_) => "Answered(..)",
        })
    }
}
