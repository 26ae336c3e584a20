//! The attempt as an argument of a handler.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::pin::Pin;

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev};

use super::door::Actix;
use super::replay::{Publish, Witness as _, need_replay};
use crate::attempt::{self, PublishError};
use crate::http::answer::publish;

/// The attempt that a handler runs in, as an argument of it.
///
/// Its methods are those of the [`attempt::Attempt`] behind it, and [`publish`](Self::publish).
///
/// ```
/// use actix_web::http::StatusCode;
/// use actix_web::{Responder, web};
/// use idempotent_runtime::actix::{Attempt, idempotent};
/// use serde_json::{Value, json};
///
/// #[idempotent(scope = global, pending = provisional("5s"))]
/// async fn start(attempt: Attempt, run: web::Json<Value>) -> (web::Json<Value>, StatusCode) {
///     // Duplicates see this at once, while the handler goes on.
///     let _ = attempt.publish((web::Json(json!({ "run_id": 7 })), StatusCode::ACCEPTED)).await;
///     // The provider below is given a key of its own, equal on every attempt.
///     let charge_key = attempt.derive("charge");
/// #   drop(charge_key);
///     (web::Json(json!({ "run_id": 7, "result": run.into_inner() })), StatusCode::CREATED)
/// }
/// # let _ = actix_web::App::new().route("/", web::post().to(start));
/// ```
#[derive(Clone, Debug)]
pub struct Attempt {
    shared: attempt::Attempt,
    request: HttpRequest,
}

/// What stands in a request's extensions.
struct Current(attempt::Attempt);

impl Attempt {
    /// The attempt of the call that has this request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        let existing = extensions.get::<Current>();
        let existing = existing.filter(|it| !it.0.is_sealed());
        let shared = if let Some(current) = existing {
            current.0.clone()
        } else {
            let shared = attempt::Attempt::new();
            extensions.insert(Current(shared.clone()));
            shared
        };
        drop(extensions);
        Self {
            shared,
            request: request.clone(),
        }
    }

    /// Keeps the request's attempt to its call, which has its arguments now.
    pub(super) fn seal(request: &HttpRequest) {
        if let Some(current) = request.extensions().get::<Current>() {
            current.0.seal();
        }
    }

    pub(super) fn shared(&self) -> &attempt::Attempt {
        &self.shared
    }

    /// Shows a provisional outcome to duplicates while the handler runs, under `pending = provisional`. Under another
    /// `pending` nobody sees it, and the log says so.
    ///
    /// `outcome` becomes a response when this is called, and is shown when the future that this returns is awaited.
    ///
    /// From then on the key is never given back, whatever `pending` is: a later failure is final, though its status is one
    /// of `release`. It may be called again to show another outcome.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if another attempt has the record, the outcome is too large to keep, or the store could not be
    /// told while the lease lasted. The handler may go on.
    pub fn publish(
        &self,
        outcome: impl Publish,
    ) -> Pin<Box<dyn Future<Output = Result<(), PublishError>> + '_>> {
        let reply = need_replay().reply(&self.request, outcome);
        Box::pin(publish::<Actix>(&self.shared, reply))
    }
}

impl Deref for Attempt {
    type Target = attempt::Attempt;

    fn deref(&self) -> &attempt::Attempt {
        &self.shared
    }
}

impl FromRequest for Attempt {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
