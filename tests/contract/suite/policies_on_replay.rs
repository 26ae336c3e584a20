//! A say in what becomes of a recorded outcome: `on_replay`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use idempotent_runtime::{Idempotency, MemoryStore, ScopeKey};
use idempotent_tests::{Client, FaultyStore, Gate, Reply, Step, When, bounded, until};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::host::{Answer, Json, OnReplay, Routes, Saved, Server, State, from_head, idempotent};

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
struct Task {
    id: usize,
    title: String,
}

#[derive(Deserialize)]
struct NewTask {
    title: String,
}

#[derive(Clone, Default)]
struct App {
    tasks: Arc<Mutex<HashMap<usize, Task>>>,
    runs: Arc<AtomicUsize>,
    /// How often a retry was decided about.
    decisions: Arc<AtomicUsize>,
    panics: Arc<AtomicBool>,
    /// Before a retry is decided about.
    decide: Gate,
    gate: Gate,
}

impl App {
    fn create(&self, title: String) -> Answer {
        let id = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let task = Task { id, title };
        self.tasks.lock().unwrap().insert(id, task.clone());
        Answer::json(201, &task)
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    fn decisions(&self) -> usize {
        self.decisions.load(Ordering::SeqCst)
    }

    fn find(&self, id: usize) -> Option<Task> {
        self.decisions.fetch_add(1, Ordering::SeqCst);
        self.tasks.lock().unwrap().get(&id).cloned()
    }
}

/// Neither `Clone` nor `Copy`: an `on_replay` can only have borrowed it.
#[derive(ScopeKey)]
struct Org(String);

from_head!(Org, |asked| {
    Ok(Org(asked.header("x-org").unwrap_or("acme").to_owned()))
});

#[idempotent(scope = global, on_replay = |saved| async move {
    assert_eq!(saved.status().as_u16(), 201);
    assert_eq!(saved.header("content-type"), Some(b"application/json".as_slice()));
    assert_eq!(saved.header("Content-Type"), saved.header("content-type"));
    app.find(saved.json::<Task>().unwrap().id);
    OnReplay::Replay
})]
async fn replay(State(app): State<App>, Json(task): Json<NewTask>) -> Answer {
    app.gate.pass().await;
    app.create(task.title)
}

/// A task that was deleted is not found any more, and one that was changed is shown as it is today.
#[idempotent(scope = org, on_replay = async |saved: Saved| -> OnReplay {
    match app.find(saved.json::<Task>().unwrap().id) {
        None => OnReplay::answer(Answer::new(404, format!("{} has none", org.0))),
        Some(now) if now.title == task.title => OnReplay::Replay,
        Some(now) => OnReplay::answer(Answer::json(saved.status().as_u16(), &now)),
    }
})]
async fn current(State(app): State<App>, org: Org, Json(task): Json<NewTask>) -> Answer {
    // The arguments are the handler's own again.
    let Org(owned) = org;
    assert!(!owned.is_empty());
    app.create(task.title)
}

async fn gone(saved: Saved) -> OnReplay {
    tokio::task::yield_now().await;
    match saved.json::<Task>() {
        Ok(task) if task.title == "kept" => OnReplay::Replay,
        _ => OnReplay::answer(Answer::new(410, "")),
    }
}

#[idempotent(scope = global, on_replay = self::gone)]
async fn by_function(State(app): State<App>, Json(task): Json<NewTask>) -> Answer {
    app.create(task.title)
}

#[idempotent(scope = global, on_replay = |_saved| async move {
    app.decisions.fetch_add(1, Ordering::SeqCst);
    app.decide.pass().await;
    OnReplay::Forget
})]
async fn forget(State(app): State<App>, Json(task): Json<NewTask>) -> Answer {
    app.gate.pass().await;
    app.create(task.title)
}

#[idempotent(scope = global, on_replay = |_saved| async move {
    tokio::task::yield_now().await;
    assert!(!app.panics.load(Ordering::SeqCst), "on_replay panics");
    OnReplay::Replay
})]
async fn panics(State(app): State<App>, Json(task): Json<NewTask>) -> Answer {
    app.create(task.title)
}

struct Site {
    app: App,
    client: Client,
    spy: FaultyStore,
    store: FaultyStore,
    idempotency: Idempotency,
    _server: Server,
}

async fn site() -> Site {
    let store = FaultyStore::new(MemoryStore::new());
    let spy = FaultyStore::new(store.clone());
    let idempotency = Idempotency::new(spy.clone());
    let app = App::default();
    let router = Routes::new(app.clone())
        .post("/replay", replay)
        .post("/current", current)
        .post("/by-function", by_function)
        .post("/forget", forget)
        .post("/panics", panics)
        .catch_panics()
        .protect(idempotency.clone());
    let server = Server::start(router).await;
    Site {
        client: Client::at(server.addr()),
        app,
        spy,
        store,
        idempotency,
        _server: server,
    }
}

impl Site {
    async fn post(&self, path: &str, title: &str) -> Reply {
        self.client
            .post(path)
            .key("k")
            .json(format!(r#"{{"title":"{title}"}}"#))
            .send()
            .await
    }

    fn spawn_forget(&self) -> JoinHandle<Reply> {
        let client = self.client.clone();
        tokio::spawn(async move {
            let body = r#"{"title":"t"}"#;
            client.post("/forget").key("k").json(body).send().await
        })
    }

    fn change(&self, id: usize, title: &str) {
        let task = Task {
            id,
            title: title.to_owned(),
        };
        self.app.tasks.lock().unwrap().insert(id, task);
    }
}

#[tokio::test]
async fn replay_is_the_recorded_outcome_and_only_a_recorded_outcome_is_decided_about() {
    bounded(async {
        let site = site().await;
        let first = tokio::spawn({
            let client = site.client.clone();
            async move {
                let body = r#"{"title":"t"}"#;
                client.post("/replay").key("k").json(body).send().await
            }
        });
        site.app.gate.arrival().await;
        assert_eq!(
            site.post("/replay", "t").await.problem().1,
            "idempotency_pending"
        );
        site.app.gate.let_one_through();
        let first = first.await.unwrap();
        assert_eq!(
            site.post("/replay", "u").await.problem().1,
            "idempotency_mismatch"
        );
        assert_eq!(site.app.decisions(), 0);
        let retry = site.post("/replay", "t").await;
        assert!(retry.is_replay() && !first.is_replay());
        assert_eq!(retry.recorded(), first.recorded());
        assert_eq!((site.app.decisions(), site.app.runs()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_its_own_is_not_marked_and_leaves_the_record_as_it_is() {
    bounded(async {
        let site = site().await;
        let first = site.post("/current", "t").await;
        assert_eq!(first.status.as_u16(), 201);
        let record = site
            .idempotency
            .load(site.spy.last_claimed())
            .await
            .unwrap();

        site.change(1, "changed");
        let rebuilt = site.post("/current", "t").await;
        assert_eq!(
            (rebuilt.status.as_u16(), rebuilt.text(), rebuilt.is_replay()),
            (201, r#"{"id":1,"title":"changed"}"#, false)
        );
        site.app.tasks.lock().unwrap().clear();
        let gone = site.post("/current", "t").await;
        assert_eq!(
            (gone.status.as_u16(), gone.text(), gone.is_replay()),
            (404, "acme has none", false)
        );
        site.change(1, "t");
        let retry = site.post("/current", "t").await;
        assert!(retry.is_replay());
        assert_eq!(retry.recorded(), first.recorded());
        assert_eq!(site.app.runs(), 1);
        let now = site
            .idempotency
            .load(site.spy.last_claimed())
            .await
            .unwrap();
        assert!(record.is_some());
        assert_eq!(record, now);
    })
    .await;
}

#[tokio::test]
async fn another_scope_is_another_record_and_decided_about_with_its_own_arguments() {
    bounded(async {
        let site = site().await;
        let send = |org: &'static str| {
            site.client
                .post("/current")
                .key("k")
                .header("x-org", org)
                .json(r#"{"title":"t"}"#)
                .send()
        };
        for org in ["acme", "globex"] {
            assert_eq!(send(org).await.status.as_u16(), 201);
        }
        assert_eq!(site.app.decisions(), 0);
        site.app.tasks.lock().unwrap().clear();
        assert_eq!(send("globex").await.text(), "globex has none");
        assert_eq!(send("acme").await.text(), "acme has none");
    })
    .await;
}

#[tokio::test]
async fn a_function_decides_like_a_closure() {
    bounded(async {
        let site = site().await;
        let kept = site.post("/by-function", "kept").await;
        assert!(site.post("/by-function", "kept").await.is_replay());
        assert_eq!(kept.status.as_u16(), 201);
        let send = || {
            site.client
                .post("/by-function")
                .key("other")
                .json(r#"{"title":"t"}"#)
                .send()
        };
        assert_eq!(send().await.status.as_u16(), 201);
        assert_eq!(send().await.status.as_u16(), 410);
        assert_eq!(site.app.runs(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_forgotten_runs_once_however_many_retries_forget_it() {
    bounded(async {
        for fast in [true, false] {
            let site = site().await;
            site.app.gate.let_one_through();
            assert_eq!(site.post("/forget", "t").await.status.as_u16(), 201);
            site.app.gate.arrival().await;

            let retries: Vec<_> = (0..20).map(|_| site.spawn_forget()).collect();
            // All of them have seen the first outcome before any of them forgets it.
            until(|| site.app.decide.arrivals() == 20).await;
            if fast {
                site.app.gate.let_one_through();
            }
            for _ in 0..20 {
                site.app.decide.let_one_through();
            }
            if !fast {
                site.app.gate.arrival().await;
                until(|| retries.iter().filter(|it| it.is_finished()).count() == 19).await;
                site.app.gate.let_one_through();
            }
            let (mut ran, mut replayed, mut pending) = (0, 0, 0);
            for retry in retries {
                let retry = retry.await.unwrap();
                if retry.status.as_u16() == 409 {
                    assert_eq!(retry.problem().1, "idempotency_pending");
                    pending += 1;
                } else {
                    assert_eq!(retry.text(), r#"{"id":2,"title":"t"}"#);
                    *(if retry.is_replay() {
                        &mut replayed
                    } else {
                        &mut ran
                    }) += 1;
                }
            }
            assert_eq!((ran, replayed + pending), (1, 19), "fast: {fast}");
            if !fast {
                assert_eq!(pending, 19);
            }
            assert_eq!(site.app.runs(), 2);
            assert_eq!(site.app.decisions(), 20);
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_forgotten_is_not_run() {
    bounded(async {
        let site = site().await;
        site.app.gate.let_one_through();
        site.post("/forget", "t").await;
        site.store.fail(Step::Forget, When::Before, usize::MAX);
        site.app.decide.let_one_through();
        let refused = site.post("/forget", "t").await;
        assert_eq!(
            refused.problem(),
            (503, "idempotency_store_unavailable".to_owned())
        );
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(site.app.runs(), 1);
        site.store.heal(Step::Forget);
        site.app.decide.let_one_through();
        site.app.gate.let_one_through();
        assert_eq!(
            site.post("/forget", "t").await.text(),
            r#"{"id":2,"title":"t"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_while_its_retry_is_decided_about_changes_nothing() {
    bounded(async {
        let site = site().await;
        site.app.gate.let_one_through();
        site.post("/forget", "t").await;
        let record = site
            .idempotency
            .load(site.spy.last_claimed())
            .await
            .unwrap();
        let retry = site.spawn_forget();
        site.app.decide.arrival().await;
        retry.abort();
        assert!(retry.await.unwrap_err().is_cancelled());
        until(|| site.idempotency.in_flight() == 0).await;
        assert_eq!(
            site.idempotency
                .load(site.spy.last_claimed())
                .await
                .unwrap(),
            record
        );
        assert_eq!(site.app.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_panic_while_a_retry_is_decided_about_leaves_the_record_as_it_is() {
    bounded(async {
        let site = site().await;
        let first = site.post("/panics", "t").await;
        let record = site
            .idempotency
            .load(site.spy.last_claimed())
            .await
            .unwrap();
        site.app.panics.store(true, Ordering::SeqCst);
        for _ in 0..2 {
            let panicked = site.post("/panics", "t").await;
            assert_eq!(
                (panicked.status.as_u16(), panicked.text()),
                (500, "Service panicked")
            );
        }
        assert_eq!(
            site.idempotency
                .load(site.spy.last_claimed())
                .await
                .unwrap(),
            record
        );
        site.app.panics.store(false, Ordering::SeqCst);
        assert_eq!(site.post("/panics", "t").await.recorded(), first.recorded());
        assert_eq!(site.app.runs(), 1);
        assert_eq!(site.idempotency.in_flight(), 0);
    })
    .await;
}
