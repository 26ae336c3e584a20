//! Whose record a request is: operations, secrets and their rotation, records found by what a client sent, and a handle
//! that protects nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idempotent_runtime::clock::ManualClock;
use idempotent_runtime::idempotency::FindError;
use idempotent_runtime::policy::{KeyFormat, Mismatch, Operation, Policy};
use idempotent_runtime::store::{List, State as Stored, Which};
use idempotent_runtime::{BuildError, Idempotency, MemoryStore};
use idempotent_tests::{Client, FaultyStore, Gate, Step, When, bounded, until};
use reqwest::StatusCode;

use crate::host::{Answer, Attempt, Path, REST, Routes, Server, State, idempotent};

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

const BY_ROUTE: Policy = Policy::new();
const BY_PATH: Policy = Policy::new().operation(Operation::Path);
const NAMED: Policy = Policy::new().operation(Operation::Named("orders"));
const UUIDS: Policy = Policy::new().key_format(KeyFormat::Uuid);
const SEPARATE: Policy = Policy::new().mismatch(Mismatch::Separate);

#[derive(Clone, Default)]
struct App(Arc<AtomicUsize>);

impl App {
    fn run(&self) -> Answer {
        let run = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Answer::new(201, format!("run {run}"))
    }

    fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[idempotent(scope = global, policy = BY_ROUTE)]
async fn by_route(State(app): State<App>) -> Answer {
    app.run()
}

#[idempotent(scope = org, policy = BY_PATH)]
async fn by_path(State(app): State<App>, Path(org): Path<String>) -> Answer {
    app.run()
}

#[idempotent(scope = (org, "v2"), policy = NAMED)]
async fn named(State(app): State<App>, Path(org): Path<u64>) -> Answer {
    app.run()
}

#[idempotent(scope = global)]
async fn inert(State(app): State<App>, attempt: Attempt) -> Answer {
    assert_eq!(attempt.record_id(), None);
    assert_eq!(attempt.abandoned(), 0);
    app.run()
}

/// A server whose routes call their parameter by this name.
async fn server(idempotency: Idempotency, app: &App, parameter: &str) -> (Client, Server) {
    let router = Routes::new(app.clone())
        .post(&format!("/routes/{{{parameter}}}/tasks"), by_route)
        .post(&format!("/rest/{{*{parameter}}}"), by_route)
        .post("/paths/{org}", by_path)
        .post("/named/{org}", named)
        .post("/inert", inert)
        .protect(idempotency);
    let server = Server::start(router).await;
    (Client::at(server.addr()), server)
}

async fn handle(store: &FaultyStore, current: [u8; 32], earlier: &[[u8; 32]]) -> Idempotency {
    Idempotency::builder(store.clone())
        .secret(current)
        .earlier_secrets(earlier)
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_renamed_parameter_does_not_run_a_retry_again() {
    bounded(async {
        let (app, store) = (App::default(), MemoryStore::new());
        let (before, _one) = server(Idempotency::new(store.clone()), &app, "org").await;
        let (after, _two) = server(Idempotency::new(store.clone()), &app, "org_id").await;
        for path in ["/routes/7/tasks", "/rest/7/tasks"] {
            assert!(!before.post_key(path, "k").await.is_replay(), "{path}");
            assert!(after.post_key(path, "k").await.is_replay(), "{path}");
        }
        assert_eq!(app.runs(), 2);
        let all = Idempotency::new(store).list(List::new(Which::All)).await;
        let mut labels: Vec<_> = all
            .unwrap()
            .records
            .iter()
            .map(|it| it.label.operation().to_owned())
            .collect();
        labels.sort_unstable();
        assert_eq!(labels, [&format!("POST {REST}"), "POST /routes/{}/tasks"]);
    })
    .await;
}

#[tokio::test]
async fn a_record_is_found_by_what_the_client_sent() {
    bounded(async {
        let (app, store) = (App::default(), FaultyStore::new(MemoryStore::new()));
        let idempotency = Idempotency::builder(store.clone())
            .namespace("billing")
            .secret(NEW)
            .build()
            .await
            .unwrap();
        let (client, _server) = server(idempotency.clone(), &app, "org").await;
        let global = idempotent_runtime::scope::Scope::global;
        let found = |find: idempotent_runtime::idempotency::Find<'_>| find.records().unwrap();

        client.post_key("/routes/7/tasks", "k").await;
        let route = idempotency.find(&BY_ROUTE, global(), "\"k\"");
        let ids = found(route.route("POST", "/routes/{any}/tasks"));
        assert_eq!(ids, [store.last_claimed()]);

        client.post_key("/paths/acme", "k").await;
        let path = idempotency.find(&BY_PATH, "acme", "k");
        assert_eq!(
            found(path.path("POST", "/paths/acme")),
            [store.last_claimed()]
        );

        client.post_key("/named/7", "k").await;
        let named = found(idempotency.find(&NAMED, (7_u64, "v2"), "k"));
        assert_eq!(named, [store.last_claimed()]);
        let record = idempotency.load(named[0]).await.unwrap().unwrap();
        assert_eq!(record.label.to_string(), "billing: orders");
        assert!(matches!(record.state, Stored::Done { .. }));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_found_says_why() {
    let idempotency = Idempotency::new(MemoryStore::new());
    let find = |policy, key| idempotency.find(policy, "org", key).records();
    let said = |policy, key| find(policy, key).unwrap_err().to_string();
    assert_eq!(
        said(&UUIDS, "k"),
        "the key is invalid under this policy: it must be a UUID with hyphens"
    );
    assert!(matches!(find(&BY_ROUTE, "k"), Err(FindError::Route { .. })));
    assert!(matches!(find(&BY_PATH, "k"), Err(FindError::Path { .. })));
    assert!(matches!(
        find(&SEPARATE, "k"),
        Err(FindError::Separate { .. })
    ));
}

#[tokio::test]
async fn while_secrets_are_rotated_records_are_found_under_either_and_made_under_the_current_one() {
    bounded(async {
        let (app, store) = (App::default(), FaultyStore::new(MemoryStore::new()));
        let before = handle(&store, OLD, &[NEW]).await;
        let after = handle(&store, NEW, &[OLD]).await;
        let find = |idempotency: &Idempotency, key: &str| {
            let find = idempotency.find(&BY_PATH, "o", key);
            find.path("POST", "/paths/o").records().unwrap()
        };
        let (old, _one) = server(before.clone(), &app, "org").await;
        let (new, _two) = server(after.clone(), &app, "org").await;

        assert!(!old.post_key("/paths/o", "a").await.is_replay());
        assert!(new.post_key("/paths/o", "a").await.is_replay());
        assert!(!new.post_key("/paths/o", "b").await.is_replay());
        assert_eq!(store.last_claimed(), find(&after, "b")[0]);
        assert!(old.post_key("/paths/o", "b").await.is_replay());
        assert_eq!(app.runs(), 2);
        assert_eq!(find(&before, "a")[0], find(&after, "a")[1]);

        // The last step: only the new one is known.
        let last = Idempotency::builder(store.clone())
            .secret(NEW)
            .build()
            .await;
        let (last, _three) = server(last.unwrap(), &app, "org").await;
        assert!(last.post_key("/paths/o", "b").await.is_replay());
    })
    .await;
}

#[tokio::test]
async fn two_processes_that_claim_one_key_under_two_secrets_at_once_never_both_run() {
    bounded(async {
        let (app, store) = (App::default(), FaultyStore::new(MemoryStore::new()));
        let before = handle(&store, OLD, &[NEW]).await;
        let after = handle(&store, NEW, &[OLD]).await;
        let (old, _one) = server(before, &app, "org").await;
        let (new, _two) = server(after, &app, "org").await;
        let gate = Gate::new();
        store.hold_claims(gate.clone());
        let calls = [old.clone(), new.clone()]
            .map(|it| tokio::spawn(async move { it.post_key("/paths/o", "k").await }));
        // Both hold a record now, and neither has looked at the other's.
        gate.arrival().await;
        gate.arrival().await;
        gate.let_one_through();
        gate.let_one_through();
        let mut fresh = 0;
        for call in calls {
            let reply = call.await.unwrap();
            if reply.status == StatusCode::CREATED {
                fresh += 1;
            } else {
                let told = (409, "idempotency_pending".to_owned());
                assert_eq!(reply.problem(), told);
            }
        }
        // The one that looks last may find that the other has stood back already.
        assert!(fresh <= 1);
        assert_eq!(app.runs(), fresh);
        gate.let_one_through();
        gate.let_one_through();
        let retry = new.post_key("/paths/o", "k").await;
        assert_eq!(retry.status, StatusCode::CREATED);
        assert!(old.post_key("/paths/o", "k").await.is_replay());
        assert_eq!(app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_short_secret_is_refused() {
    for secret in ["", "fifteen bytes.."] {
        let builder = || Idempotency::builder(MemoryStore::new());
        let current = builder().secret(secret).build().await;
        assert!(matches!(current, Err(BuildError::ShortSecret { .. })));
        let earlier = builder()
            .secret(NEW)
            .earlier_secrets([secret])
            .build()
            .await;
        assert!(matches!(earlier, Err(BuildError::ShortSecret { .. })));
    }
    let alone = Idempotency::builder(MemoryStore::new()).earlier_secrets([OLD]);
    let refused = alone.build().await;
    assert!(matches!(refused, Err(BuildError::NoCurrentSecret { .. })));
}

#[tokio::test]
async fn a_first_start_under_a_wrong_secret_can_be_undone() {
    let store = MemoryStore::new();
    let builder = |secret| Idempotency::builder(store.clone()).secret(secret);
    let wrong = builder(OLD).build().await.unwrap();
    let refused = builder(NEW).build().await.unwrap_err();
    let BuildError::Secret { mark, .. } = refused else {
        panic!("{refused:?}")
    };
    assert!(wrong.load(mark).await.unwrap().is_some());
    assert_eq!(builder(NEW).secret_mark(), mark);
    assert!(builder(NEW).forget_secret_mark().await.unwrap());
    assert!(!builder(NEW).forget_secret_mark().await.unwrap());
    builder(NEW).build().await.unwrap();
}

#[tokio::test]
async fn a_disabled_handle_runs_everything_and_needs_no_key() {
    bounded(async {
        let app = App::default();
        let (client, _server) = server(Idempotency::disabled(), &app, "org").await;
        for _ in 0..2 {
            assert_eq!(client.post_key("/inert", "k").await.status.as_u16(), 201);
            assert_eq!(client.post("/inert").send().await.status.as_u16(), 201);
        }
        assert_eq!(client.post_key("/inert", "").await.status.as_u16(), 201);
        assert_eq!(app.runs(), 5);
    })
    .await;
}

#[tokio::test]
async fn building_ends_though_the_store_never_answers() {
    bounded(async {
        let (store, clock) = (FaultyStore::new(MemoryStore::new()), ManualClock::new());
        store.fail(Step::Claim, When::Never, 1);
        let build = Idempotency::builder(store).clock(clock.clone()).build();
        let build = tokio::spawn(build);
        until(|| clock.sleepers() == 1).await;
        clock.advance(Duration::from_secs(30));
        assert!(matches!(build.await.unwrap(), Err(BuildError::Store(_))));
    })
    .await;
}
