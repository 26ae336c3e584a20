//! The door for actix-web.
//!
//! `#[idempotent]` turns a handler into one that reads the request, finds the key, and runs the handler's own body at most
//! once for it. Install an [`Idempotency`](crate::Idempotency) for the application, a scope or a resource: as application
//! data, `.app_data(idempotency)`, or as middleware, `.wrap(idempotency)`. Routing attributes such as `#[post("/orders")]`
//! may stand above or below `#[idempotent]`.
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # {
//! use actix_web::{App, HttpResponse, web};
//! use idempotent_runtime::actix::idempotent;
//! use idempotent_runtime::{Idempotency, MemoryStore};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Order { item: String }
//!
//! #[idempotent(scope = org, ttl = "24h")]
//! async fn create(org: web::Path<u64>, order: web::Json<Order>) -> HttpResponse {
//!     HttpResponse::Created().body(order.into_inner().item)
//! }
//!
//! let idempotency = Idempotency::new(MemoryStore::new());
//! let app = App::new()
//!     .app_data(idempotency)
//!     .route("/orgs/{org}/orders", web::post().to(create));
//! # drop(app);
//! # }
//! ```
//!
//! A handler that is annotated can no longer be called as a plain function: test it through its application, with
//! `actix_web::test`.
//!
//! # Where a handler runs
//!
//! From the claim on the handler runs in a task of its own on its worker's thread, so a client that leaves cancels nothing.
//! It need not be `Send`. A worker that stops drops its tasks: let the attempts in flight end first, by
//! [`run_until`].
//!
//! A worker is a runtime with one thread. A handler that blocks it for longer than its lease also holds up the lease's
//! renewals, and another attempt may take the record over. Block in [`web::block`](actix_web::web::block) instead.
//!
//! A duplicate that waits for the first attempt stops waiting when its client leaves. By default actix-web can't tell a
//! client that has closed its connection from one that only has nothing more to send, so such a duplicate waits until its
//! time is up. `HttpServer::h1_allow_half_closed(false)` has it stop at once.
//!
//! # The order in which a request is read
//!
//! Arguments before the last are extracted first, then the key is looked for, then the body is read, and then the last
//! argument is extracted. The body is read earlier only where an argument before the last asks for it. So an argument that
//! checks credentials belongs before the one that takes the body.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod arguments;
mod attempt;
mod captured;
mod door;
mod head;
mod install;
mod on_replay;
mod payload;
mod reading;
mod replay;
mod run;
mod serve;
mod values;

pub use idempotent_macros::actix as idempotent;

pub use self::attempt::Attempt;
pub use self::install::IdempotencyMiddleware;
pub use self::on_replay::{OnReplay, Saved};
pub use self::replay::{Publish, Replay};
pub use self::serve::run_until;
pub use crate::attempt::PublishError;
pub use crate::http::saved::SavedOutcome;
