//! The server, over stdio or over HTTP.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mcp_tools::{App, Organization, Work, http, server};
use rmcp::ServiceExt;
use rmcp::transport::stdio;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How long calls that are running may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// An MCP server that drafts and publishes content, over stdio.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Serves streamable HTTP here instead, at /mcp, for example 127.0.0.1:3000.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Where the databases are kept; made if need be.
    #[arg(
        long,
        value_name = "DIR",
        env = "STUDIO_DATA",
        default_value = "mcp-tools-data"
    )]
    data: PathBuf,
    /// Who calls over stdio. Over HTTP each request has a key of its own in `Authorization: Bearer`.
    #[arg(
        long,
        value_name = "KEY",
        env = "STUDIO_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    log();
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(Some(&*error), |&error| error.source());
            let causes: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("mcp-tools: {}", causes.join(": "));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    if let Some(addr) = args.http {
        let app = App::open(&args.data, Work::default()).await?;
        return serve_http(app, addr).await;
    }
    let caller = args.api_key.as_deref().and_then(Organization::of_api_key);
    let caller = caller.ok_or("STUDIO_API_KEY is not the key of an organization")?;
    let app = App::open(&args.data, Work::default()).await?;
    serve_stdio(app, caller).await
}

/// Serves one client, until it closes the server's input.
async fn serve_stdio(app: App, caller: Organization) -> Result<(), Box<dyn Error>> {
    let serving = server(&app, Some(caller)).serve(stdio()).await?;
    serving.waiting().await?;
    app.idempotency.shutdown(DRAIN).await;
    Ok(())
}

/// Serves any number of clients, until Ctrl-C.
async fn serve_http(app: App, addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(addr).await?;
    eprintln!("listening on http://{}/mcp", listener.local_addr()?);
    let stop = CancellationToken::new();
    let router = http::app(app.clone(), stop.child_token());
    let stopped = async move {
        // Where the signal can't be listened to, it ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        stop.cancel();
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await?;
    app.idempotency.shutdown(DRAIN).await;
    Ok(())
}

/// On standard error: over stdio, standard output is the protocol's. `RUST_LOG` chooses what is logged.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
}
