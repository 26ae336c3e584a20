//! A request that is held back until the key is known, and its handler's last argument with it.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use http::request::Parts;

use super::attempt::Attempt;
use super::body;
use super::door::{Axum, enveloped};
use super::head::AxumHead;
use super::run::Call;
use crate::http as core;
use crate::idempotency::Idempotency;
use crate::policy::Policy;

/// How to read a request and extract the last argument from it. The state is inside.
type Extract<L> =
    Box<dyn FnOnce(Request, &'static Policy) -> BoxFuture<'static, Received<L>> + Send>;

/// The request and the way to a handler's last argument `L`.
///
/// The compiler names it to who calls an annotated handler as a function, in a test for example; so its name says how the
/// handler is called instead: through its router, with `tower::ServiceExt::oneshot`.
pub struct CalledThroughItsRouter<L> {
    request: Request,
    extract: Extract<L>,
}

/// The same under the name that everything but such a message uses.
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
        let extract: Extract<L> = Box::new(move |request, policy| {
            Box::pin(async move {
                let (call, request, attempt) = match read(request, policy).await {
                    Ok(read) => read,
                    Err(answer) => return Received::Answered(answer),
                };
                let last = L::from_request(request, &state).await;
                if let Some(attempt) = attempt {
                    attempt.shared().seal();
                }
                match last {
                    Ok(last) => Received::Run(call, last),
                    Err(rejection) => Received::Answered(rejection.into_response()),
                }
            })
        });
        Ok(Self { request, extract })
    }
}

/// Reads the request, and extracts the last argument from it.
pub fn receive<L>(
    captured: Captured<L>,
    policy: &'static Policy,
) -> BoxFuture<'static, Received<L>> {
    (captured.extract)(captured.request, policy)
}

/// The call, the request for the last argument's extractor, and the attempt that this extractor may ask for, which is to be
/// sealed afterwards. `Err` is the answer.
async fn read(
    request: Request,
    policy: &'static Policy,
) -> Result<(Call, Request, Option<Attempt>), Response> {
    let (mut parts, body) = request.into_parts();
    let idempotency = parts.extensions.get::<Idempotency>().cloned();
    let head = AxumHead::new(&mut parts, policy);
    let received = core::receive::<Axum>(
        &head,
        policy,
        idempotency.as_ref(),
        |idempotency| enveloped(idempotency, head.parts()),
        "add `.layer(Idempotency::new(store))` to its router",
    );
    let reading = match received {
        core::Received::Reading(reading) => reading,
        core::Received::Refused(response) => return Err(response),
        core::Received::Unprotected => {
            let attempt = parts.extensions.get::<Attempt>().cloned();
            let request = Request::from_parts(parts, body);
            return Ok((Call::unprotected(), request, attempt));
        }
    };
    drop(head);
    let (mut parts, read) = body::read(parts, body, policy.max_body).await;
    let (bytes, limit) = match read {
        Ok(read) => read,
        Err(code) => return Err(reading.refuse(code)),
    };
    let attempt = Attempt::of(&mut parts);
    let head = AxumHead::without_path_parameters(&parts);
    let shared = attempt.shared().clone();
    let claimable = reading.read(&head, bytes.clone(), shared).await;
    let request = body::put_back(parts, bytes, limit);
    Ok((Call::claimable(claimable), request, Some(attempt)))
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
