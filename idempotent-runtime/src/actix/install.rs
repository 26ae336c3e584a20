//! Installing the handle, as application data or as middleware.

use std::future::{Ready, ready};
use std::task::{Context, Poll};

use actix_web::dev::{Service, ServiceRequest, Transform};
use actix_web::{HttpMessage as _, HttpRequest, web};

use crate::idempotency::Idempotency;

/// The handle for a request: of the innermost middleware, else of the innermost application data.
pub(super) fn installed(request: &HttpRequest) -> Option<Idempotency> {
    if let Some(idempotency) = request.extensions().get::<Idempotency>() {
        return Some(idempotency.clone());
    }
    if let Some(idempotency) = request.app_data::<Idempotency>() {
        return Some(idempotency.clone());
    }
    let data = request.app_data::<web::Data<Idempotency>>()?;
    Some(Idempotency::clone(data))
}

/// Puts the handle where annotated handlers below find it: `.wrap(idempotency)`. The innermost of several counts, and goes
/// before application data.
impl<S, B> Transform<S, ServiceRequest> for Idempotency
where
    S: Service<ServiceRequest, Response = actix_web::dev::ServiceResponse<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type InitError = ();
    type Transform = IdempotencyMiddleware<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(IdempotencyMiddleware {
            service,
            idempotency: self.clone(),
        }))
    }
}

/// A service that is wrapped in an [`Idempotency`].
#[derive(Clone, Debug)]
pub struct IdempotencyMiddleware<S> {
    service: S,
    idempotency: Idempotency,
}

impl<S> Service<ServiceRequest> for IdempotencyMiddleware<S>
where
    S: Service<ServiceRequest>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> S::Future {
        request.extensions_mut().insert(self.idempotency.clone());
        self.service.call(request)
    }
}
