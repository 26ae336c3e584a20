//! Ending a server without losing what runs.

use std::io;
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;

use crate::idempotency::Idempotency;

/// Runs a server until `stopped` ends, then lets the attempts in flight end, and then stops the server gracefully.
///
/// An attempt runs on its worker's thread and outlives its client, and a worker that stops drops what it runs. So a server
/// must not be stopped, also not by a signal, while attempts are in flight: switch off its own signals, and give `stopped` a
/// future that ends when it is to stop. From then on it accepts no new connections. Attempts that are still running after
/// `deadline` are abandoned; how many is returned.
///
/// ```no_run
/// # async fn serve(idempotency: idempotent_runtime::Idempotency) -> std::io::Result<()> {
/// use std::time::Duration;
///
/// use actix_web::{App, HttpServer};
/// use idempotent_runtime::actix::run_until;
///
/// let installed = idempotency.clone();
/// let server = HttpServer::new(move || App::new().app_data(installed.clone()))
///     .bind("127.0.0.1:8080")?
///     .disable_signals()
///     .run();
/// let stopped = async {
///     let _ = tokio::signal::ctrl_c().await;
/// };
/// let left_behind = run_until(server, stopped, &idempotency, Duration::from_secs(30)).await?;
/// # drop(left_behind);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the server fails.
///
/// # Cancellation
///
/// Dropping the future stops the server as dropping a `Server` does.
pub async fn run_until(
    server: Server,
    stopped: impl Future<Output = ()>,
    idempotency: &Idempotency,
    deadline: Duration,
) -> io::Result<usize> {
    let handle = server.handle();
    let stopping = async {
        stopped.await;
        handle.pause().await;
        let left_behind = idempotency.shutdown(deadline).await;
        handle.stop(true).await;
        left_behind
    };
    let (mut server, mut stopping) = (pin!(server), pin!(stopping));
    tokio::select! {
        served = &mut server => served.map(|()| idempotency.in_flight()),
        left_behind = &mut stopping => server.await.map(|()| left_behind),
    }
}
