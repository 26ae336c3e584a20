//! What clients do on a bad day, played against a real server, and what each of them got.
//!
//! Every step is checked: the demo fails if an answer is not the one that was promised.

mod client;
mod expectations;
mod process;
mod report;
mod story;

use std::io;
use std::time::Duration;

use actix_orders::server::stop_asked;

use self::report::Report;
use self::story::Story;

/// The demo takes a few seconds; this is for a machine that hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Plays the whole story and prints its table, even if it ends early.
pub(crate) async fn run() -> Result<(), DemoError> {
    let mut report = Report::default();
    let ended = tokio::select! {
        ended = play(&mut report) => ended,
        () = tokio::time::sleep(PATIENCE) => Err(DemoError::TooSlow {}),
        // Ends the server too, which is killed when it is dropped.
        () = stop_asked() => Err(DemoError::Interrupted {}),
    };
    println!("{report}");
    ended?;
    println!("{}", report.summary());
    Ok(())
}

async fn play(report: &mut Report) -> Result<(), DemoError> {
    let mut story = Story::begin(report).await?;
    story.first_call_and_retry().await?;
    story.another_shop().await?;
    story.changed_quantity().await?;
    story.twenty_at_once().await?;
    story.client_hangs_up().await?;
    story.sold_out().await?;
    story.missing_key().await?;
    let story = story.server_killed().await?;
    story.end().await
}

/// Why the demo did not reach its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("the demo failed at \"{at}\": expected {expected}, got {got}")]
    Expectation {
        at: String,
        expected: String,
        got: String,
    },
    #[error("the server ended early; its last words: {log}")]
    ServerEnded { log: String },
    #[error("the server could not be started")]
    Start(#[source] io::Error),
    #[error("a request got no answer")]
    Request(#[from] reqwest::Error),
    #[error("a connection failed")]
    Connection(#[from] io::Error),
    #[error("the orders could not be counted")]
    Count(#[from] sqlx::Error),
    #[error("the demo was not done after {} seconds", PATIENCE.as_secs())]
    TooSlow {},
    #[error("the demo was interrupted")]
    Interrupted {},
}
