//! What each ending of a handler does to its record, under each `release`: one test for each cell of
//! `docs/outcomes.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idempotent_runtime::policy::Policy;
use idempotent_runtime::store::State as Stored;
use idempotent_runtime::{Disposition, Idempotency, MemoryStore};
use idempotent_tests::{Client, FaultyStore, Gate, bounded, until};
use reqwest::StatusCode;
use tokio::sync::Notify;

use crate::host::{Answer, Path, Routes, Server, State, idempotent};

const SMALL: Policy = Policy::new().max_response(16);

#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    gate: Gate,
    give_up: Arc<Notify>,
}

impl App {
    async fn end(&self, how: &str) -> Answer {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        match how {
            "a_panic" => panic!("run {run} panics"),
            "a_layer_outside_that_gives_up" => {
                self.gate.pass().await;
                Answer::new(201, format!("run {run}"))
            }
            "an_oversize_answer" => Answer::new(201, format!("run {run} and much more")),
            "an_oversize_503" => Answer::new(503, format!("run {run} and much more")),
            "an_empty_answer" => Answer::new(204, ""),
            code => {
                let code = code.rsplit('_').next().unwrap().parse().unwrap();
                Answer::new(code, format!("run {run}"))
            }
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

#[idempotent(scope = global, policy = SMALL)]
async fn by_default(State(app): State<App>, Path(how): Path<String>) -> Answer {
    app.end(&how).await
}

#[idempotent(scope = global, policy = SMALL, release = [404, 500])]
async fn listed(State(app): State<App>, Path(how): Path<String>) -> Answer {
    app.end(&how).await
}

#[idempotent(scope = global, policy = SMALL, release = failures)]
async fn failures(State(app): State<App>, Path(how): Path<String>) -> Answer {
    app.end(&how).await
}

#[idempotent(scope = global, policy = SMALL, release = never)]
async fn never(State(app): State<App>, Path(how): Path<String>) -> Answer {
    app.end(&how).await
}

/// What becomes of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    /// It holds the outcome, of this disposition, and every retry gets it.
    Kept(Disposition),
    /// It says that the work was done, and nothing else: a retry gets 409.
    DoneWithoutOutcome,
    /// It is gone: a retry runs.
    Released,
    /// Its attempt ended without an outcome: a retry runs, as `abandoned` says.
    Abandoned,
}

use Record::{Abandoned, DoneWithoutOutcome, Kept, Released};

const COMPLETED: Record = Kept(Disposition::Completed);
const FINAL: Record = Kept(Disposition::FailedFinal);
const RETRIABLE: Record = Kept(Disposition::FailedRetriable);

/// Runs the handler, lets it end in this way, and looks at the record and at what a retry gets.
async fn check(setting: &str, how: &str, expected: Record) {
    let app = App::default();
    let store = FaultyStore::new(MemoryStore::new());
    let idempotency = Idempotency::new(store.clone());
    let router = Routes::new(app.clone())
        .post("/by_default/{how}", by_default)
        .post("/listed/{how}", listed)
        .post("/failures/{how}", failures)
        .post("/never/{how}", never)
        .catch_panics()
        .protect(idempotency.clone())
        .give_up_when(Arc::clone(&app.give_up));
    let server = Server::start(router).await;
    let client = Client::at(server.addr());
    let path = format!("/{setting}/{how}");

    let call = tokio::spawn({
        let (client, path) = (client.clone(), path.clone());
        async move { client.post_key(&path, "k").await }
    });
    if how == "a_layer_outside_that_gives_up" {
        app.gate.arrival().await;
        app.give_up.notify_one();
    }
    let mut first = call.await.unwrap();
    if how == "a_layer_outside_that_gives_up" {
        assert_eq!(first.status, StatusCode::GATEWAY_TIMEOUT);
        app.gate.let_one_through();
    }
    until(|| idempotency.in_flight() == 0).await;

    let record = idempotency.load(store.last_claimed()).await.unwrap();
    let found = match record.map(|record| record.state) {
        None => Released,
        Some(Stored::Done {
            outcome: None,
            disposition,
        }) => {
            assert_eq!(disposition, Disposition::Completed);
            DoneWithoutOutcome
        }
        Some(Stored::Done { disposition, .. }) => Kept(disposition),
        Some(Stored::Running { abandoned, .. }) => {
            assert!(abandoned, "nobody is at work on it");
            Abandoned
        }
    };
    assert_eq!(found, expected);

    app.gate.let_one_through();
    let retry = client.post_key(&path, "k").await;
    match expected {
        Kept(_) => {
            assert!(retry.is_replay());
            assert_eq!(app.runs(), 1);
            if how == "a_layer_outside_that_gives_up" {
                // The outcome is the handler's, not that of the layer.
                first.status = StatusCode::CREATED;
                assert_eq!((retry.status, retry.text()), (first.status, "run 1"));
            } else {
                assert_eq!(retry.recorded(), first.recorded());
            }
        }
        DoneWithoutOutcome => {
            assert_eq!(first.text(), "run 1 and much more");
            assert_eq!(
                retry.problem(),
                (409, "idempotency_outcome_not_kept".to_owned())
            );
            assert_eq!(app.runs(), 1);
        }
        Released | Abandoned => {
            assert!(!retry.is_replay());
            assert_eq!(retry.status, first.status, "it ended in the same way");
            assert_eq!(app.runs(), 2);
        }
    }
}

/// One test for each cell, named by its column and its row.
macro_rules! cells {
    ($($setting:ident { $($how:ident => $expected:expr,)+ })+) => {$(
        mod $setting {
            use super::*;
            $(
                #[tokio::test]
                async fn $how() {
                    bounded(check(stringify!($setting), stringify!($how), $expected)).await;
                }
            )+
        }
    )+};
}

cells! {
    by_default {
        success_201 => COMPLETED,
        redirect_303 => COMPLETED,
        failure_404 => FINAL,
        too_many_requests_429 => Released,
        error_500 => FINAL,
        unavailable_503 => Released,
        a_panic => Abandoned,
        a_layer_outside_that_gives_up => COMPLETED,
        an_oversize_answer => DoneWithoutOutcome,
        an_empty_answer => COMPLETED,
    }
    listed {
        success_201 => COMPLETED,
        redirect_303 => COMPLETED,
        failure_404 => Released,
        too_many_requests_429 => FINAL,
        error_500 => Released,
        unavailable_503 => FINAL,
        a_panic => Abandoned,
        a_layer_outside_that_gives_up => COMPLETED,
        an_oversize_answer => DoneWithoutOutcome,
        an_empty_answer => COMPLETED,
    }
    failures {
        success_201 => COMPLETED,
        redirect_303 => COMPLETED,
        failure_404 => Released,
        too_many_requests_429 => Released,
        error_500 => Released,
        unavailable_503 => Released,
        a_panic => Abandoned,
        a_layer_outside_that_gives_up => COMPLETED,
        an_oversize_answer => DoneWithoutOutcome,
        an_empty_answer => COMPLETED,
    }
    never {
        success_201 => COMPLETED,
        redirect_303 => COMPLETED,
        failure_404 => FINAL,
        too_many_requests_429 => RETRIABLE,
        error_500 => FINAL,
        unavailable_503 => RETRIABLE,
        a_panic => Abandoned,
        a_layer_outside_that_gives_up => COMPLETED,
        an_oversize_answer => DoneWithoutOutcome,
        an_empty_answer => COMPLETED,
    }
}

#[tokio::test]
async fn an_answer_whose_status_is_named_is_given_back_whatever_its_size() {
    bounded(check("by_default", "an_oversize_503", Released)).await;
}
