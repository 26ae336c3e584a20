//! Starting and stopping.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use idempotent_runtime::actix::run_until;
use idempotent_runtime::store::SqliteStoreError;
use idempotent_runtime::{Idempotency, SqliteStore};
use tokio::signal;

use crate::app::{AppState, app};
use crate::database;
use crate::errors::ErrorBody;
use crate::warehouse::Warehouse;

/// How long attempts, and then connections, may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until the process is asked to stop, then lets what has begun come to its end.
///
/// # Errors
///
/// If the data directory, a database or the address can't be used.
pub async fn serve(addr: SocketAddr, data: &Path) -> Result<(), ServeError> {
    let bind = |source| ServeError::Bind { addr, source };
    let listener = TcpListener::bind(addr).map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let (state, idempotency) = open(data).await?;
    let server = server(listener, state, &idempotency).map_err(ServeError::Serve)?;
    announce(addr, data);

    // The attempts end first, since a worker that stops drops what it runs.
    let left = run_until(server, stop_asked(), &idempotency, DRAIN)
        .await
        .map_err(ServeError::Serve)?;
    if left > 0 {
        tracing::warn!(
            left,
            "some attempts did not end in time; they are abandoned"
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// The application on two threads. It takes no signals: whoever runs it decides when it stops.
///
/// # Errors
///
/// If the listener can't be used.
pub fn server(
    listener: TcpListener,
    state: AppState,
    idempotency: &Idempotency,
) -> io::Result<Server> {
    let idempotency = idempotency.clone();
    let server = HttpServer::new(move || app(state.clone(), idempotency.clone()))
        .workers(2)
        .shutdown_timeout(DRAIN.as_secs())
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Opens the application's database, and the store of the records in a file of its own.
///
/// # Errors
///
/// If one of them can't be opened.
pub async fn open(data: &Path) -> Result<(AppState, Idempotency), ServeError> {
    std::fs::create_dir_all(data).map_err(|source| ServeError::Data {
        data: data.to_owned(),
        source,
    })?;
    let state = AppState {
        database: database::open(&data.join("orders.db")).await?,
        warehouse: Arc::new(Warehouse::default()),
    };
    let store = SqliteStore::open(data.join("idempotency.db")).await?;
    let idempotency = Idempotency::builder(store)
        .actix_envelope(|code, _request, key| web::Json(ErrorBody::of_refusal(code, key)))
        .build()
        .await?;
    Ok((state, idempotency))
}

/// Ends when the process is asked to stop: by Ctrl-C or, on Unix, SIGTERM.
pub async fn stop_asked() {
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

/// Writes the first line of the output. The demo waits for it, so it must not stay in a buffer.
fn announce(addr: SocketAddr, data: &Path) {
    let mut out = io::stdout().lock();
    // Nobody has to read it.
    let _ = writeln!(
        out,
        "listening on http://{addr}, data in {}",
        data.display()
    );
    let _ = out.flush();
}

/// Why the server could not serve.
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
    /// The data directory could not be created.
    #[error("cannot create the data directory {}", data.display())]
    #[non_exhaustive]
    Data {
        /// The directory that was asked for.
        data: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The application's database could not be opened.
    #[error("cannot open the orders database")]
    Database(#[from] sqlx::Error),
    /// The store of the records could not be opened.
    #[error("cannot open the idempotency store")]
    Store(#[from] SqliteStoreError),
    /// The settings of the idempotency handle don't fit the store.
    #[error("cannot use the idempotency store")]
    Settings(#[from] idempotent_runtime::BuildError),
    /// The server can't take connections any more.
    #[error("the server failed")]
    Serve(#[source] io::Error),
}
