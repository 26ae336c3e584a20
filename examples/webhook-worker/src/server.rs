//! Starting and stopping.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::store::postgres::PostgresStoreError;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::{AppState, app};
use crate::carrier::SimulatedCarrier;
use crate::database;
use crate::queue::{Delays, Queue};
use crate::shipping::Shipping;
use crate::worker::Worker;

/// How long connections, jobs and attempts may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Receives webhooks and works them off until the process is asked to stop, then lets what has begun come to its end.
///
/// # Errors
///
/// If the database or the address can't be used.
pub async fn serve(addr: SocketAddr, url: &str, workers: u16) -> Result<(), ServeError> {
    let bind = |source| ServeError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let database = database::open(url).await?;
    let idempotency = database::idempotency(url).await?;
    let queue = Queue::new(database.clone(), Delays::default());
    let worker = Worker {
        queue: queue.clone(),
        shipping: Shipping {
            database: database.clone(),
            carrier: Arc::new(SimulatedCarrier),
            idempotency: idempotency.clone(),
        },
    };
    announce(addr);

    let stopped = CancellationToken::new();
    let mut working = JoinSet::new();
    for _ in 0..workers {
        let (worker, stopped) = (worker.clone(), stopped.clone());
        working.spawn(async move { worker.run(stopped).await });
    }
    receive(listener, AppState { database, queue }).await?;

    stopped.cancel();
    let ended = async { while working.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!("some jobs did not end in time; they will be delivered again");
        working.shutdown().await;
    }
    // The store is still told of attempts that were abandoned.
    idempotency.shutdown(DRAIN).await;
    tracing::info!("stopped");
    Ok(())
}

/// Serves until the process is asked to stop.
async fn receive(listener: TcpListener, state: AppState) -> Result<(), ServeError> {
    let served = axum::serve(listener, app(state)).with_graceful_shutdown(stop_asked());
    let cut_off = async {
        stop_asked().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = served => ended.map_err(ServeError::Serve)?,
        () = cut_off => tracing::warn!("some connections did not end in time"),
    }
    Ok(())
}

/// Ends when the process is asked to stop: by Ctrl-C or, on Unix, SIGTERM.
async fn stop_asked() {
    let interrupted = async {
        // If the signal can't be listened to, it ends the process as usual.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Writes the only line of the output. The tests wait for it, so it must not stay in a buffer.
fn announce(addr: SocketAddr) {
    let mut out = io::stdout().lock();
    // Nobody has to read it.
    let _ = writeln!(out, "listening on http://{addr}");
    let _ = out.flush();
}

/// Why the service could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken, or doesn't belong to this machine.
    #[error("cannot listen on {addr} (choose another with --addr)")]
    #[non_exhaustive]
    Bind {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The database could not be opened.
    #[error("cannot open the database")]
    Database(#[from] sqlx::Error),
    /// The store of the records could not be opened.
    #[error("cannot open the idempotency store")]
    Store(#[from] PostgresStoreError),
    /// The server can't take connections any more.
    #[error("the server failed")]
    Serve(#[source] io::Error),
}
