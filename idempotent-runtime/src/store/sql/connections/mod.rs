//! Connections to an SQL server. Acquiring one and sending something on it are separate steps.
//!
//! A step first [acquires](Connections::acquire) a connection. If it is dropped before that, nothing was sent and
//! nothing happens. From the moment it asks for the [connection](Acquired::connection) until it reports the
//! [answer](Acquired::answered), the connection is its own. If it is dropped in between, the connection is closed,
//! since the late answer would be taken for the answer to whatever is sent next.
//!
//! Nothing here waits forever for a silent connection. That is why the store's own connections aren't in an sqlx pool.
//! Such a pool pings every connection that comes back, with no time limit, and keeps its place taken meanwhile. If a
//! server refuses connections, it also keeps trying for as long as the caller waits.

mod error;
mod own;
#[cfg(all(test, feature = "postgres"))]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub(in crate::store) use self::error::NoConnection;
pub(in crate::store) use self::own::Options;
use self::own::{InUse, OwnPool, permit};
use crate::store::sql::lane::Lane;

/// How long a step waits for a connection. The engine itself waits for less; this is for everybody else.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the server may take to answer a step. The engine waits for less here too; sweeps and operators' steps have
/// no other limit.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// How long a connection may take to return to the application's pool.
const RETURNED_WITHIN: Duration = Duration::from_secs(1);

/// The connections of one store.
#[derive(Debug)]
pub(in crate::store) struct Connections<DB: Database> {
    source: Source<DB>,
    /// One permit for each claim that may use a connection at the same time.
    claims: Arc<Semaphore>,
}

#[derive(Debug)]
enum Source<DB: Database> {
    Own(Arc<OwnPool<DB>>),
    Applications(Pool<DB>),
}

impl<DB: Database> Connections<DB> {
    /// Connections of the store's own, none of which is opened yet.
    pub(in crate::store) fn own(options: Options<DB>, max_connections: u32) -> Self {
        let max_connections = max_connections.max(1);
        Self {
            source: Source::Own(Arc::new(OwnPool::new(options, max_connections as usize))),
            claims: Arc::new(Semaphore::new(for_claims(max_connections))),
        }
    }

    /// Connections of a pool that the application uses too.
    pub(in crate::store) fn applications(pool: Pool<DB>) -> Self {
        let most = pool.options().get_max_connections();
        Self {
            source: Source::Applications(pool),
            claims: Arc::new(Semaphore::new(for_claims(most))),
        }
    }

    /// A connection on which nothing is under way.
    pub(in crate::store) async fn acquire(&self, lane: Lane) -> Result<Acquired<DB>, NoConnection> {
        let patience = match &self.source {
            Source::Own(_) => PATIENCE,
            Source::Applications(pool) => pool.options().get_acquire_timeout(),
        };
        match timeout(patience, self.wait_for_connection(lane)).await {
            Ok(lease) => lease,
            Err(_) => Err(NoConnection::NoneFree),
        }
    }

    async fn wait_for_connection(&self, lane: Lane) -> Result<Acquired<DB>, NoConnection> {
        let turn = match (lane, &self.source) {
            (Lane::Attempts, _) => None,
            (Lane::Claims, Source::Own(pool)) => {
                Some(pool.unless_refused(Arc::clone(&self.claims)).await?)
            }
            (Lane::Claims, Source::Applications(_)) => Some(permit(Arc::clone(&self.claims)).await),
        };
        let held = match &self.source {
            Source::Own(pool) => Held::Own(OwnPool::take(pool).await?),
            Source::Applications(pool) => {
                let acquired = pool.acquire().await;
                Held::Applications(acquired.map_err(NoConnection::failed)?)
            }
        };
        Ok(Acquired {
            held: Some(held),
            is_sending: false,
            _permit: turn,
        })
    }
}

/// How many connections claims may use at once. A quarter of all is left to attempts, at least one and at most four. A
/// single connection is shared.
fn for_claims(most: u32) -> usize {
    let left = (most / 4).clamp(1, 4);
    most.saturating_sub(left).max(1) as usize
}

/// The server's answer, or an error if it takes longer than anybody should wait.
pub(in crate::store) async fn answer<T>(
    sent: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, sqlx::Error> {
    match timeout(ANSWERED_WITHIN, sent).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into())),
    }
}

/// A connection for one step.
///
/// ```ignore
/// let mut lease = connections.acquire(Lane::Attempts).await?;
/// let sent = sqlx::raw_sql(text).execute(lease.connection());
/// let done = lease.answered(answer(sent).await)?;
/// ```
#[derive(Debug)]
pub(in crate::store) struct Acquired<DB: Database> {
    held: Option<Held<DB>>,
    /// Whether something was sent, and not answered yet.
    is_sending: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
enum Held<DB: Database> {
    Own(InUse<DB>),
    Applications(PoolConnection<DB>),
}

impl<DB: Database> Acquired<DB> {
    /// The connection, to send something on it.
    pub(in crate::store) fn connection(&mut self) -> &mut DB::Connection {
        self.is_sending = true;
        match self.held.as_mut().expect("a lease holds its connection") {
            Held::Own(live) => live.connection(),
            Held::Applications(connection) => connection,
        }
    }

    /// Gives the connection back, unless this error makes it unusable.
    pub(in crate::store) fn answered<T>(
        mut self,
        answer: Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let is_usable = match &answer {
            Ok(_) => true,
            // The server sent this error and goes on listening, unless it ended the session. The next check will show.
            Err(sqlx::Error::Database(_)) => {
                if let Some(Held::Own(live)) = &mut self.held {
                    live.doubt();
                }
                true
            }
            Err(_) => false,
        };
        self.is_sending = !is_usable;
        answer
    }
}

impl<DB: Database> Drop for Acquired<DB> {
    fn drop(&mut self) {
        let cut_short = self.is_sending;
        match self.held.take() {
            Some(Held::Own(live)) if cut_short => live.cut(),
            Some(Held::Own(live)) => live.give_back(),
            Some(Held::Applications(connection)) => give_back(connection, cut_short),
            None => {}
        }
    }
}

fn give_back<DB: Database>(mut connection: PoolConnection<DB>, cut_short: bool) {
    match Handle::try_current() {
        Ok(runtime) if !cut_short => {
            // The pool pings it first.
            let returned = connection.return_to_pool();
            runtime.spawn(async move {
                // If it is dropped in time, another connection can take its place in the pool.
                let _ = timeout(RETURNED_WITHIN, returned).await;
            });
        }
        // Closed as it is: nobody waits for what the server hasn't answered yet. Outside of a runtime there is no
        // other way.
        _ => drop(connection.detach()),
    }
}
