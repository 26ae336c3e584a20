//! The handle that an application installs: a store and how to use it.

mod builder;
mod disabled;
mod find;
mod operations;
mod secrets;
mod settings;

use std::fmt;
use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

pub use self::builder::{BuildError, IdempotencyBuilder};
pub use self::find::{Find, FindError};
use self::operations::in_time;
pub(crate) use self::settings::Settings;
use crate::engine::{Backlog, Board, Budget, Complaints, Heartbeat, Sweeper};
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
    store: Arc<dyn Store>,
    settings: Settings,
    /// The calls that run in tasks of their own.
    running: TaskTracker,
    /// One permit for each attempt that may run, where there is a bound.
    permits: Option<Arc<Semaphore>>,
    sweeping: Once,
    heartbeat: Heartbeat,
    backlog: Arc<Backlog>,
    complaints: Arc<Complaints>,
    budgets: Budgets,
    /// The attempts that duplicates of this process may wait for.
    board: Arc<Board>,
}

/// How many steps may be sent a second time, side by side with the first sending. Claims don't use up what attempts need.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    pub(crate) claims: Budget,
    pub(crate) attempts: Budget,
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
        self.shared.running.close();
        let timeout = self.settings().clock.sleep(deadline);
        tokio::select! {
            biased;
            () = self.finished() => {}
            () = timeout => {
                let untold = self.shared.backlog.len();
                if untold > 0 {
                    tracing::warn!(
                        untold,
                        "the process ends before the store was told everything: leases that were to be ended run out, and outcomes that were to be recorded are lost, so that retries may run again"
                    );
                }
            }
        }
        self.shared.running.len()
    }

    /// How many attempts are in flight in this process, including those whose claims have been sent and not answered.
    ///
    /// What the store is told in the background, once an attempt has ended or its claim has failed, doesn't count:
    /// [`shutdown`](Self::shutdown) waits for it as well.
    pub fn in_flight(&self) -> usize {
        self.shared.running.len()
    }

    fn from_parts(store: Arc<dyn Store>, settings: Settings) -> Self {
        let permits = settings
            .max_in_flight
            .map(|permits| Arc::new(Semaphore::new(permits)));
        let clock = || Arc::clone(&settings.clock);
        let complaints = Arc::<Complaints>::default();
        let backlog = Arc::new(Backlog::new(Arc::clone(&store), clock()));
        let heartbeat = Heartbeat::new(clock(), Arc::clone(&complaints), backlog.watch());
        Self {
            shared: Arc::new(Shared {
                store,
                settings,
                running: TaskTracker::new(),
                permits,
                sweeping: Once::new(),
                heartbeat,
                backlog,
                complaints,
                budgets: Budgets::default(),
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

    pub(crate) fn heartbeat(&self) -> &Heartbeat {
        &self.shared.heartbeat
    }

    pub(crate) fn backlog(&self) -> &Arc<Backlog> {
        &self.shared.backlog
    }

    pub(crate) fn budgets(&self) -> &Budgets {
        &self.shared.budgets
    }

    pub(crate) fn complaints(&self) -> &Complaints {
        &self.shared.complaints
    }

    /// Starts what goes on beside the calls, if that is still to be done. Must be called on a runtime.
    pub(crate) fn make_ready(&self) {
        self.shared.heartbeat.make_ready();
        self.shared.sweeping.call_once(|| {
            let settings = self.settings();
            if let Some(interval) = settings.sweep_interval {
                let sweeper = Sweeper::new(self.store(), &*settings.clock, interval);
                self.shared.heartbeat.sweep(sweeper);
            }
        });
    }

    async fn finished(&self) {
        self.shared.running.wait().await;
        self.shared.backlog.finished().await;
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
