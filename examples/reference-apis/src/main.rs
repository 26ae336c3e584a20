//! Serves five published idempotency contracts and the IETF draft, each under its own prefix.

use std::error::Error;
use std::io::{self, Write as _};

use idempotent_runtime::MemoryStore;
use reference_apis::server;
use tokio::net::TcpListener;

/// Where it listens, unless the first argument says otherwise.
const ADDR: &str = "127.0.0.1:3001";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1);
    let listener = TcpListener::bind(addr.as_deref().unwrap_or(ADDR)).await?;
    let app = server::app(MemoryStore::new()).await?;
    let mut out = io::stdout().lock();
    out.write_all(server::announcement(listener.local_addr()?).as_bytes())?;
    out.flush()?;
    drop(out);
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            // Where the signal cannot be listened to, it ends the process as ever.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
        .await?;
    Ok(())
}
