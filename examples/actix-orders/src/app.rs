//! The routes, and what their handlers share.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};
use idempotent_runtime::Idempotency;
use sqlx::SqlitePool;
use tracing::{Instrument as _, Span, field, info_span};

use crate::errors::ApiError;
use crate::warehouse::Warehouse;
use crate::{cancellations, orders};

/// What all handlers share.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The application's own tables.
    pub database: SqlitePool,
    /// Who has the goods.
    pub warehouse: Arc<Warehouse>,
}

/// The whole application, for one worker of a server.
pub fn app(
    state: AppState,
    idempotency: Idempotency,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let json = web::JsonConfig::default()
        .error_handler(|error, _request| ApiError::InvalidBody(error).into());
    App::new()
        .app_data(web::Data::new(state))
        .app_data(json)
        .app_data(idempotency)
        .service(orders::create)
        .service(orders::list)
        .service(orders::show)
        .service(cancellations::create)
        .wrap_fn(|request, service| {
            let span = request_span(&request);
            service.call(request).instrument(span)
        })
}

/// The shop is recorded once its API key is known.
fn request_span(request: &ServiceRequest) -> Span {
    info_span!(
        "request",
        method = %request.method(),
        path = request.path(),
        shop = field::Empty,
    )
}
