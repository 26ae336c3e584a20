//! Receives webhooks, and works them off.

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use webhook_worker::server;

/// Receives webhooks of paid orders and ships each order once, however often it is told.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// How many workers take jobs from the queue. With zero, others have to.
    #[arg(long, default_value_t = 2)]
    workers: u16,
    /// The PostgreSQL database of the queue and the records, `postgres://user:password@host/database`. Tables are
    /// created if necessary.
    // The value may hold a password, which help would show.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    log();
    match server::serve(args.addr, &args.database, args.workers).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("webhook-worker: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG` chooses what is logged.
fn log() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

/// An error and its causes.
fn one_line(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
