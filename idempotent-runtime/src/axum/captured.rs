//! A request that is held back until the key is known, and its handler's last argument with it.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use http::request::Parts;

use super::call::Call;
use super::reading::Reading;

/// How to read a request and extract the last argument from it. The state is inside.
pub(super) type Extract<L> = Box<dyn FnOnce(Reading) -> BoxFuture<'static, Received<L>> + Send>;

/// The request and the way to a handler's last argument `L`.
///
/// The compiler names it to who calls an annotated handler as a function, in a test for example; so its name says how the
/// handler is called instead: through its router, with `tower::ServiceExt::oneshot`.
pub struct CalledThroughItsRouter<L> {
    pub(super) request: Request,
    pub(super) extract: Extract<L>,
}

/// The same, as everything but such a message calls it.
pub type Captured<L> = CalledThroughItsRouter<L>;

/// A request that was read.
pub enum Received<L> {
    /// Its call, and the handler's last argument.
    Run(Call, L),
    /// The answer is known.
    Answered(Response),
}

/// The marker of `L`'s own extraction, passed through.
#[derive(Debug)]
pub struct Via<M>(PhantomData<M>);

impl<S, M, L> FromRequest<S, Via<M>> for Captured<L>
where
    S: Clone + Send + Sync + 'static,
    L: FromRequest<S, M>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let state = state.clone();
        let extract: Extract<L> = Box::new(move |reading| {
            Box::pin(async move {
                let (call, request, attempt) = match reading.read().await {
                    Ok(read) => read,
                    Err(answer) => return Received::Answered(answer),
                };
                let last = L::from_request(request, &state).await;
                attempt.seal();
                match last {
                    Ok(last) => Received::Run(call, last),
                    Err(rejection) => Received::Answered(rejection.into_response()),
                }
            })
        });
        Ok(Self { request, extract })
    }
}

impl<L> fmt::Debug for Captured<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured").finish_non_exhaustive()
    }
}

impl<L> fmt::Debug for Received<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(..) => "Run(..)",
            Self::Answered(_) => "Answered(..)",
        })
    }
}

/// What stands for the last argument of a handler that has none.
#[derive(Clone, Copy, Debug)]
pub struct NoArgument;

impl<S: Sync> FromRequestParts<S> for NoArgument {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}
