//! The handle that an application installs: a store and how to use it.

mod builder;
mod claim;
mod disabled;
mod find;
mod operations;
mod secrets;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::builder::{BuildError, IdempotencyBuilder};
#[cfg(feature = "web")]
pub(crate) use self::claim::Fingerprints;
pub(crate) use self::claim::Found;
pub use self::find::{Find, FindError};
use self::operations::in_time;
#[cfg(feature = "web")]
pub(crate) use self::settings::HttpSettings;
pub(crate) use self::settings::Settings;
use crate::engine::Engine;
use crate::store::Store;

/// A store, and the settings that all endpoints share. Clones are one handle.
///
/// It renews the leases of its attempts from a thread of its own, through the application's runtime. A handler that blocks
/// its thread therefore keeps its lease, as long as another thread of the runtime is free. Where all of them are blocked for
/// longer than a lease, or the only thread of a current-thread runtime, nothing can reach the store: the leases run out, and
/// retries may run again. Use `spawn_blocking` for work that blocks.
///
/// On axum it is a tower layer: what is routed below it finds it.
///
/// ```no_run
/// # #[cfg(all(feature = "axum", feature = "sqlite"))]
/// # async fn app() -> Result<axum::Router, Box<dyn std::error::Error>> {
/// use idempotent_runtime::{Idempotency, SqliteStore};
///
/// let idempotency = Idempotency::new(SqliteStore::open("idempotency.db").await?);
/// let app = axum::Router::new().layer(idempotency);
/// # Ok(app)
/// # }
/// ```
#[derive(Clone)]
pub struct Idempotency {
    shared: Arc<Shared>,
}

/// What all clones of a handle share.
struct Shared {
    engine: Arc<Engine>,
    settings: Settings,
}

impl Idempotency {
    /// A handle on this store, with the default settings: no secret, no namespace.
    ///
    /// It asks the store nothing. Where others may use the store with a secret, take [`builder`](Self::builder), whose
    /// [`build`](IdempotencyBuilder::build) checks that all agree.
    pub fn new(store: impl Store) -> Self {
        Self::from_parts(Arc::new(store), Settings::default())
    }

    /// Starts a handle with settings of its own.
    pub fn builder(store: impl Store) -> IdempotencyBuilder {
        IdempotencyBuilder::new(Arc::new(store))
    }

    /// Waits until no attempt is in flight and nothing waits to be told to the store in the background, for at most
    /// `deadline`. Returns how many attempts are still running then. Where something was not told by then, a line in the log
    /// says how much, at the level `WARN`.
    ///
    /// Call it once the server takes no more requests. Attempts outlive their clients, so a server that has drained its
    /// connections may still have some; those that a process leaves behind are abandoned and end with their leases.
    ///
    /// Dropping the future stops the waiting and nothing else.
    ///
    /// ```no_run
    /// # #[cfg(feature = "axum")]
    /// # async fn serve(
    /// #     listener: tokio::net::TcpListener,
    /// #     app: axum::Router,
    /// #     stopped: impl Future<Output = ()> + Send + 'static,
    /// #     idempotency: idempotent_runtime::Idempotency,
    /// # ) -> std::io::Result<()> {
    /// use std::time::Duration;
    ///
    /// axum::serve(listener, app).with_graceful_shutdown(stopped).await?;
    /// let left_behind = idempotency.shutdown(Duration::from_secs(30)).await;
    /// # drop(left_behind);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        self.shared.engine.shutdown(deadline).await
    }

    /// How many attempts are in flight in this process, including those whose claims have been sent and not answered.
    ///
    /// What the store is told in the background, once an attempt has ended or its claim has failed, doesn't count:
    /// [`shutdown`](Self::shutdown) waits for it as well.
    pub fn in_flight(&self) -> usize {
        self.shared.engine.running().len()
    }

    fn from_parts(store: Arc<dyn Store>, settings: Settings) -> Self {
        let engine = Engine::new(
            store,
            Arc::clone(&settings.clock),
            settings.max_in_flight,
            settings.sweep_interval,
        );
        Self {
            shared: Arc::new(Shared {
                engine: Arc::new(engine),
                settings,
            }),
        }
    }

    /// The store, as it was given to the handle. A handle that is [disabled](Self::disabled) has one whose every step fails.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # {
    /// use idempotent_runtime::{Idempotency, MemoryStore};
    ///
    /// let idempotency = Idempotency::new(MemoryStore::new());
    /// assert!(idempotency.store().downcast_ref::<MemoryStore>().is_some());
    /// # }
    /// ```
    pub fn store(&self) -> &Arc<dyn Store> {
        self.shared.engine.store()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.shared.engine
    }
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("store", self.store())
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
