//! The handle that an application installs: a store and how to use it.

mod builder;
mod disabled;
mod find;
mod operations;
mod secrets;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

pub use self::builder::{BuildError, IdempotencyBuilder};
pub use self::find::{Find, FindError};
use self::operations::in_time;
pub(crate) use self::settings::Settings;
use crate::engine::{Board, sweep_until_dropped};
use crate::store::Store;

/// A store, and the settings that all endpoints share. Clones are one handle.
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
    store: Arc<dyn Store>,
    settings: Settings,
    /// The attempts in flight, and the little clean-ups behind failed claims.
    running: TaskTracker,
    /// One permit for each attempt that may run, where there is a bound.
    permits: Option<Arc<Semaphore>>,
    sweeping: AtomicBool,
    /// The attempts that duplicates of this process may wait for.
    board: Arc<Board>,
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

    /// Waits until no attempt is in flight, at most for so long. Says how many are still running then.
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
        self.shared.running.close();
        let timeout = self.settings().clock.sleep(deadline);
        tokio::select! {
            biased;
            () = self.shared.running.wait() => {}
            () = timeout => {}
        }
        self.shared.running.len()
    }

    /// How many calls have work of their own in this process: attempts in flight, and what is still to be tidied up behind
    /// claims that failed.
    pub fn in_flight(&self) -> usize {
        self.shared.running.len()
    }

    fn from_parts(store: Arc<dyn Store>, settings: Settings) -> Self {
        let permits = settings
            .max_in_flight
            .map(|permits| Arc::new(Semaphore::new(permits)));
        let running = TaskTracker::new();
        Self {
            shared: Arc::new(Shared {
                store,
                settings,
                running,
                permits,
                sweeping: AtomicBool::new(false),
                board: Arc::default(),
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
        &self.shared.store
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn running(&self) -> &TaskTracker {
        &self.shared.running
    }

    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.shared.board
    }

    /// Leave to run one more attempt; `Err` where as many run as may.
    pub(crate) fn admit(&self) -> Result<Option<OwnedSemaphorePermit>, Full> {
        let Some(permits) = &self.shared.permits else {
            return Ok(None);
        };
        Arc::clone(permits)
            .try_acquire_owned()
            .map(Some)
            .map_err(|_| Full)
    }

    /// Starts the sweeper, once. It ends when the last clone of this handle is dropped.
    pub(crate) fn start_sweeping(&self) {
        let sweeping = &self.shared.sweeping;
        if sweeping.load(Ordering::Relaxed) || sweeping.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(interval) = self.settings().sweep_interval {
            let clock = Arc::clone(&self.settings().clock);
            let shared = Arc::downgrade(&self.shared);
            let store = move || shared.upgrade().map(|shared| Arc::clone(&shared.store));
            tokio::spawn(sweep_until_dropped(store, clock, interval));
        }
    }
}

/// As many attempts run as may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("store", &self.shared.store)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
