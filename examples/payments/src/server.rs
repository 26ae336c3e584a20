//! Starting and stopping.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use idempotent_runtime::Idempotency;
use tokio::net::TcpListener;
use tokio::signal;

use crate::app::{App, app};
use crate::database;
use crate::provider::CardProvider;
use crate::store::{self, StoreUrlError};

/// How long connections, and then attempts that have outlived theirs, may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until the process is asked to stop, then lets what has begun come to its end.
///
/// # Errors
///
/// If the data directory, a database or the address cannot be used.
pub async fn serve(addr: SocketAddr, data: &Path, store: Option<&str>) -> Result<(), ServeError> {
    let bind = |source| ServeError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let (state, idempotency) = open(data, store).await?;
    announce(addr, data);

    let served =
        axum::serve(listener, app(state, idempotency.clone())).with_graceful_shutdown(stop_asked());
    let cut_off = async {
        stop_asked().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = served => ended.map_err(ServeError::Serve)?,
        () = cut_off => tracing::warn!("some connections did not end in time"),
    }
    // A handler whose client has left is no connection's any more.
    let left = idempotency.shutdown(DRAIN).await;
    if left > 0 {
        tracing::warn!(
            left,
            "some attempts did not end in time; they are abandoned"
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// Opens the application's database, and the store of the records at this URL or, without one, in a file of its own.
///
/// # Errors
///
/// If one of them cannot be opened.
pub async fn open(data: &Path, store: Option<&str>) -> Result<(App, Idempotency), ServeError> {
    std::fs::create_dir_all(data).map_err(|source| ServeError::Data {
        data: data.to_owned(),
        source,
    })?;
    let state = App {
        database: database::open(&data.join("payments.db")).await?,
        provider: Arc::new(CardProvider::default()),
    };
    let store = match store {
        Some(url) => store::open(url).await?,
        None => store::file(&data.join("idempotency.db")).await?,
    };
    Ok((state, Idempotency::new(store)))
}

/// Ends when the process is asked to stop: by Ctrl-C or, on Unix, SIGTERM.
pub async fn stop_asked() {
    let interrupted = async {
        // Where the signal cannot be listened to, it ends the process as ever.
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

/// The first line of the output. The demo waits for it, so it must not stay in a buffer.
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
    /// The address is taken, or is none of this machine's.
    #[error("cannot listen on {addr} (choose another with --addr)")]
    #[non_exhaustive]
    Bind {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The data directory could not be made.
    #[error("cannot create the data directory {}", data.display())]
    #[non_exhaustive]
    Data {
        /// The directory that was asked for.
        data: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The application's database could not be opened.
    #[error("cannot open the payments database")]
    Database(#[from] sqlx::Error),
    /// The store of the records could not be opened.
    #[error("cannot open the idempotency store")]
    Store(#[from] StoreUrlError),
    /// Connections can no longer be taken.
    #[error("the server failed")]
    Serve(#[source] io::Error),
}
