//! The orders server, and a demo that drives it.

mod demo;

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use actix_orders::server;
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// An orders API that places each order once, however often it is sent.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// Where the databases are kept: the application's own, and the records of idempotent calls. Created if necessary.
    #[arg(long, value_name = "DIR", default_value = "actix-orders-data")]
    data: PathBuf,
    /// Starts a server of its own in a temporary directory, sends it what clients send on a bad day, and shows what
    /// they got.
    #[arg(long, conflicts_with_all = ["addr", "data"])]
    demo: bool,
}

#[actix_web::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ended = if args.demo {
        demo::run().await.map_err(Box::<dyn Error>::from)
    } else {
        log();
        server::serve(args.addr, &args.data)
            .await
            .map_err(Box::from)
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("actix-orders: {}", one_line(&*error));
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
