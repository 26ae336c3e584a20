//! The payments server, and a demo that drives it.

mod demo;

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use payments::server;
use tracing_subscriber::EnvFilter;

/// A payments API that charges each order once, however often it is sent.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// Where the application's own database is kept; made if need be.
    #[arg(long, value_name = "DIR", default_value = "payments-data")]
    data: PathBuf,
    /// Where the records of idempotent calls are kept: sqlite:FILE, postgres://…, mysql://…, mariadb://…, redis://…,
    /// rediss://… (several, separated by commas: a cluster) or memory:. A file beside the application's database if
    /// left out. Processes that share it share their keys.
    // The value may hold a password, which help would show.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    store: Option<String>,
    /// Starts a server of its own in a temporary directory, sends it what clients send on a bad day, and shows what
    /// they got.
    #[arg(long, conflicts_with_all = ["addr", "data"])]
    demo: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // Set to nothing, it is as if it were not set.
    let store = args.store.as_deref().filter(|url| !url.is_empty());
    let ended = if args.demo {
        demo::run(store).await.map_err(Box::<dyn Error>::from)
    } else {
        log();
        server::serve(args.addr, &args.data, store)
            .await
            .map_err(Box::from)
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("payments: {}", one_line(&*error));
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG` chooses what is logged.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
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
