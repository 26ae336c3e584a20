//! A say in what becomes of a recorded outcome, by `on_replay`.

use std::ops::Deref;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::http::saved::{Decision, SavedOutcome};

/// The recorded outcome that a retry would get.
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use idempotent_runtime::actix::{OnReplay, Saved};
/// # #[derive(Clone)] struct Db;
/// # impl Db { async fn exists(&self, id: u64) -> bool { id == 7 } }
/// # #[derive(serde::Deserialize)] struct Task { id: u64 }
///
/// /// A task that was deleted is not found any more.
/// async fn still_there(db: &Db, saved: Saved) -> OnReplay {
///     match saved.json::<Task>() {
///         Ok(task) if db.exists(task.id).await => OnReplay::Replay,
///         _ => OnReplay::answer(HttpResponse::NotFound()),
///     }
/// }
///
/// #[idempotent_runtime::actix::idempotent(
///     scope = global,
///     on_replay = |saved| async move { still_there(db, saved).await }
/// )]
/// async fn create(db: web::Data<Db>) -> HttpResponse {
///     HttpResponse::Created().finish()
/// }
/// # let _ = actix_web::App::new().route("/", web::post().to(create));
/// ```
///
/// Its other methods are those of the [`SavedOutcome`] behind it.
#[derive(Clone, Debug)]
pub struct Saved(SavedOutcome);

impl Saved {
    pub(super) fn new(outcome: SavedOutcome) -> Self {
        Self(outcome)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        // What was recorded came from a response.
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Deref for Saved {
    type Target = SavedOutcome;

    fn deref(&self) -> &SavedOutcome {
        &self.0
    }
}

/// What becomes of a recorded outcome.
#[derive(Debug)]
pub enum OnReplay {
    /// The retry gets it.
    Replay,
    /// The retry gets this answer instead. The record stays as it is.
    Answer(HttpResponse),
    /// The record is removed, and the handler runs anew. Of several retries at once, one runs.
    Forget,
}

impl OnReplay {
    /// The retry gets this answer instead.
    pub fn answer(response: impl Into<HttpResponse>) -> Self {
        Self::Answer(response.into())
    }

    pub(super) fn decision(self) -> Decision<HttpResponse> {
        match self {
            Self::Replay => Decision::Replay,
            Self::Answer(response) => Decision::Answer(response),
            Self::Forget => Decision::Forget,
        }
    }
}
