//! A store's own connections.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection, Database};
use tokio::runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Instant, sleep, timeout};

use super::error::NoConnection;

/// How long a connection may lie idle before it is checked, and how long that check may take.
const UNCHECKED_FOR: Duration = Duration::from_secs(1);
const CHECKED_WITHIN: Duration = Duration::from_secs(1);

/// How long a connection may lie idle, and how old it may get, before it is closed.
const IDLE_FOR: Duration = Duration::from_mins(10);
const LIVES_FOR: Duration = Duration::from_mins(30);

/// How long closing may take.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

/// The pauses between attempts to open one more connection to a server that answers but has no room.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How to open connections of a database.
pub(in crate::store) type Options<DB> = <<DB as Database>::Connection as Connection>::Options;

pub(super) struct OwnPool<DB: Database> {
    options: Options<DB>,
    /// One permit for each connection that may exist.
    room: Arc<Semaphore>,
    /// How many connections exist, in use and idle.
    open: Arc<AtomicUsize>,
    idle_list: Mutex<IdleList<DB>>,
    /// Failures to open a connection while there was none.
    refused: broadcast::Sender<NoConnection>,
}

struct IdleList<DB: Database> {
    /// The most recently used comes last and is taken first.
    idle: Vec<Idle<DB>>,
    /// When a connection was found silent. Those that were idle before that are checked before they are used.
    silence: Option<Instant>,
}

struct Idle<DB: Database> {
    open: Open<DB>,
    since: Instant,
    is_doubted: bool,
}

/// A connection that counts.
struct Open<DB: Database> {
    raw: DB::Connection,
    born: Instant,
    _counted: Counted,
}

struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<DB: Database> OwnPool<DB> {
    pub(super) fn new(options: Options<DB>, most: usize) -> Self {
        Self {
            options,
            room: Arc::new(Semaphore::new(most)),
            open: Arc::default(),
            idle_list: Mutex::new(IdleList {
                idle: Vec::new(),
                silence: None,
            }),
            refused: broadcast::Sender::new(1),
        }
    }

    /// Waits for a permit. If a connection is refused meanwhile and there is no other, everybody who waits gets that
    /// error, because each of them would only find the same.
    pub(super) async fn unless_refused(
        &self,
        semaphore: Arc<Semaphore>,
    ) -> Result<OwnedSemaphorePermit, NoConnection> {
        if let Ok(permit) = Arc::clone(&semaphore).try_acquire_owned() {
            return Ok(permit);
        }
        let mut refused = self.refused.subscribe();
        tokio::select! {
            biased;
            permit = permit(semaphore) => Ok(permit),
            error = next_refusal(&mut refused) => Err(error),
        }
    }

    /// An idle connection, or a new one.
    pub(super) async fn take(this: &Arc<Self>) -> Result<InUse<DB>, NoConnection> {
        let room = this.unless_refused(Arc::clone(&this.room)).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(open) = this.take_idle().await {
                return Ok(InUse::new(open, this, room));
            }
            let error = match this.options.connect().await {
                Ok(raw) => {
                    let open = Open {
                        raw,
                        born: Instant::now(),
                        _counted: Counted::new(&this.open),
                    };
                    return Ok(InUse::new(open, this, room));
                }
                Err(error) => error,
            };
            let has_others = this.open.load(Ordering::Acquire) > 0;
            let is_full =
                matches!(&error, sqlx::Error::Database(it) if it.is_transient_in_connect_phase());
            if !(has_others && is_full) {
                let error = NoConnection::failed(error);
                if !has_others {
                    // There may be nobody waiting. Later callers ask the server again.
                    let _ = this.refused.send(error.clone());
                }
                return Err(error);
            }
            // The server has no room for one more. Another connection may be free after this pause.
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn take_idle(&self) -> Option<Open<DB>> {
        loop {
            let (mut idle, is_checked) = {
                let mut idle_list = self.idle_list();
                let idle = idle_list.idle.pop()?;
                let is_silent = idle_list.silence.is_some_and(|at| idle.since <= at);
                let is_old = idle.since.elapsed() >= UNCHECKED_FOR;
                let is_checked = !(is_silent || is_old || idle.is_doubted);
                (idle, is_checked)
            };
            if is_checked {
                return Some(idle.open);
            }
            let asked = Instant::now();
            match timeout(CHECKED_WITHIN, idle.open.raw.ping()).await {
                Ok(Ok(())) => return Some(idle.open),
                // The server closed it. Others may be sound.
                Ok(Err(_)) => {}
                // Those that were idle before are just as silent, and would take a second each.
                Err(_) => self.idle_list().idle.retain(|it| it.since > asked),
            }
        }
    }

    fn idle_list(&self) -> MutexGuard<'_, IdleList<DB>> {
        // Connections are put and taken whole, so a panic elsewhere leaves none half put.
        self.idle_list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> fmt::Debug for OwnPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold a password.
        f.debug_struct("OwnPool")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// The next failure, or the last one if several came meanwhile.
async fn next_refusal(refused: &mut broadcast::Receiver<NoConnection>) -> NoConnection {
    loop {
        match refused.recv().await {
            Ok(error) => return error,
            Err(RecvError::Lagged(_)) => {}
            // The sender lives as long as the store, whose step this is.
            Err(RecvError::Closed) => return NoConnection::NoneFree,
        }
    }
}

/// A connection in use.
pub(super) struct InUse<DB: Database> {
    open: Open<DB>,
    pool: Arc<OwnPool<DB>>,
    is_doubted: bool,
    // It comes after the connection, which is therefore closed before there is room for another.
    _room: OwnedSemaphorePermit,
}

impl<DB: Database> InUse<DB> {
    fn new(open: Open<DB>, pool: &Arc<OwnPool<DB>>, room: OwnedSemaphorePermit) -> Self {
        Self {
            open,
            pool: Arc::clone(pool),
            is_doubted: false,
            _room: room,
        }
    }

    pub(super) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.open.raw
    }

    /// Has the connection checked before it is used again.
    pub(super) fn doubt(&mut self) {
        self.is_doubted = true;
    }

    /// Closes the connection at once, since something is under way on it.
    pub(super) fn cut(self) {
        self.pool.idle_list().silence = Some(Instant::now());
    }

    pub(super) fn give_back(self) {
        let now = Instant::now();
        let old = {
            let mut idle_list = self.pool.idle_list();
            let idle = Idle {
                open: self.open,
                since: now,
                is_doubted: self.is_doubted,
            };
            let mut old = Vec::new();
            if now - idle.open.born >= LIVES_FOR {
                old.push(idle);
            } else {
                idle_list.idle.push(idle);
            }
            let stale = idle_list
                .idle
                .partition_point(|it| now - it.since >= IDLE_FOR);
            old.extend(idle_list.idle.drain(..stale));
            old
        };
        for idle in old {
            close(idle.open);
        }
    }
}

impl<DB: Database> fmt::Debug for InUse<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InUse").finish_non_exhaustive()
    }
}

/// Closes a connection to a server that may not be listening any more.
fn close<DB: Database>(open: Open<DB>) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            // The server notices by itself if this fails.
            let _ = timeout(CLOSED_WITHIN, open.raw.close()).await;
        });
    }
}

/// A permit of a semaphore that is never closed.
pub(super) async fn permit(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    let acquired = semaphore.acquire_owned().await;
    acquired.expect("these semaphores are never closed")
}
