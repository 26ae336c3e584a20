//! Reading a request up to its handler's last argument.

use axum::extract::Request;
use axum::response::Response;

use super::attempt::Attempt;
use super::call::{Call, receive};
use crate::engine::Detach;
use crate::idempotency::Idempotency;
use crate::policy::Policy;

/// A request that is to be read for a handler.
pub(super) struct Reading {
    request: Request,
    policy: &'static Policy,
    idempotency: Option<Idempotency>,
    detach: Detach,
}

impl Reading {
    /// The reading, and what detaches its call.
    pub(super) fn new(request: Request, policy: &'static Policy) -> (Self, Detach) {
        let idempotency = request.extensions().get::<Idempotency>().cloned();
        let detach = Detach::new(idempotency.as_ref().map(|it| it.running().clone()));
        let reading = Self {
            request,
            policy,
            idempotency,
            detach: detach.clone(),
        };
        (reading, detach)
    }

    /// The call, the request for the last argument's extractor, and the attempt that this extractor may ask for. `Err` is
    /// the answer.
    pub(super) async fn read(self) -> Result<(Call, Request, Unsealed), Response> {
        let Self {
            request,
            policy,
            idempotency,
            detach,
        } = self;
        let (call, request) = receive(request, policy, idempotency, detach).await?;
        let attempt = Unsealed(request.extensions().get::<Attempt>().cloned());
        Ok((call, request, attempt))
    }
}

/// The attempt of a call that does not have all its arguments yet.
pub(super) struct Unsealed(Option<Attempt>);

impl Unsealed {
    /// Says that it has.
    pub(super) fn seal(self) {
        if let Some(attempt) = self.0 {
            attempt.seal();
        }
    }
}
