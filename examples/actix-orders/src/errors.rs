//! What can go wrong, and how clients are told: every error has the same form, [`ErrorBody`].

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{HttpResponse, ResponseError};
use idempotent_runtime::Code;
use idempotent_runtime::actix::Replay;
use serde::Serialize;

use crate::warehouse::WarehouseError;

/// Every error that the API answers with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request has no API key, or an unknown one.
    #[error("the API key is missing or unknown")]
    UnknownApiKey,
    /// The body is not an order.
    #[error("the body is not valid: {0}")]
    InvalidBody(JsonPayloadError),
    /// There is no such order, or it belongs to another shop.
    #[error("there is no such order")]
    NotFound,
    /// The order was cancelled before.
    #[error("this order has been cancelled")]
    AlreadyCancelled,
    /// The goods were not reserved.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The application's own database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The application was built without its state.
    #[error("the server is misconfigured")]
    Misconfigured,
}

/// A retry gets the error that the first attempt got. The statuses say enough: 503 gives the key back, the others are
/// recorded.
impl Replay for ApiError {}

impl ApiError {
    const fn code(&self) -> &'static str {
        match self {
            Self::UnknownApiKey => "unknown_api_key",
            Self::InvalidBody(_) => "invalid_body",
            Self::NotFound => "order_not_found",
            Self::AlreadyCancelled => "already_cancelled",
            Self::Warehouse(WarehouseError::SoldOut) => "sold_out",
            Self::Warehouse(WarehouseError::Busy) => "warehouse_busy",
            Self::Database(_) | Self::Misconfigured => "internal",
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::UnknownApiKey => StatusCode::UNAUTHORIZED,
            Self::InvalidBody(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyCancelled | Self::Warehouse(WarehouseError::SoldOut) => {
                StatusCode::CONFLICT
            }
            Self::Warehouse(WarehouseError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Database(error) = self {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the database failed"
            );
        }
        let mut response = HttpResponse::build(self.status_code());
        if let Self::UnknownApiKey = self {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(ErrorBody::new(self.code(), self.to_string()))
    }
}

/// The body of every error: `{"error": {"code": "…", "message": "…"}}`.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorBody {
    error: ErrorDetails,
}

#[derive(Debug, Serialize)]
struct ErrorDetails {
    code: &'static str,
    message: String,
    /// The idempotency key, where one was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl ErrorBody {
    fn new(code: &'static str, message: String) -> Self {
        let error = ErrorDetails {
            code,
            message,
            key: None,
        };
        Self { error }
    }

    /// Tells a client why its call was refused. The framework adds the status and `Retry-After`.
    pub(crate) fn of_refusal(code: Code, key: Option<&str>) -> Self {
        let mut body = Self::new(code.as_str(), code.detail().to_owned());
        body.error.key = key.map(str::to_owned);
        body
    }
}
