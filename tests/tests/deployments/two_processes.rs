//! Two processes on one store: each key is sent to either of them, many times at once.

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use futures_util::{StreamExt as _, stream};
use idempotent_runtime::identity::AttemptId;
use idempotent_tests::{Child, Client, OwnRecords, Reply};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::bounded;

const KEYS: usize = 1_000;
const TIMES: usize = 20;
const AT_ONCE: usize = 64;

/// Sends each of a thousand keys twenty times, and counts what was done.
pub(crate) async fn run_each_key_once(url: String) {
    // Each wants the machine for itself.
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    bounded(each_key_runs_once(url)).await;
}

async fn each_key_runs_once(url: String) {
    let records = OwnRecords::at(url);
    let processes = Processes::start(&records).await;
    let answers = stream::iter(sends())
        .map(|(key, process)| {
            let client = processes.clients[process].clone();
            async move { (key, send(&client, &format!("key-{key}")).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(answers.len(), KEYS * TIMES);

    let outcomes = one_outcome_each(answers);
    assert_eq!(outcomes.len(), KEYS);
    let mut effects = processes.effects();
    assert_eq!(effects.len(), KEYS, "each key has one effect");
    effects.sort_unstable();
    effects.dedup();
    assert_eq!(effects.len(), KEYS);
    let by: HashSet<_> = outcomes
        .values()
        .map(|reply| reply.text().rsplit_once(" by ").unwrap().1)
        .collect();
    assert_eq!(by.len(), 2, "both processes did some");
}

/// A machine that does much else may keep a claim waiting for too long: then it is sent again, as clients do.
async fn send(client: &Client, key: &str) -> Reply {
    loop {
        let reply = client.post_key("/order", key).await;
        if reply.status != StatusCode::SERVICE_UNAVAILABLE {
            return reply;
        }
        assert_eq!(reply.problem().1, "idempotency_store_unavailable");
        println!("{key} was refused");
    }
}

struct Processes {
    clients: Vec<Client>,
    _children: Vec<Child>,
    directory: TempDir,
}

impl Processes {
    async fn start(records: &OwnRecords) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ledger = directory.path().join("ledger");
        let mut children = Vec::new();
        for _ in 0..2 {
            let program = env!("CARGO_BIN_EXE_victim");
            let arguments = [&records.place(), ledger.to_str().unwrap()];
            children.push(Child::start(program, &arguments).await);
        }
        Self {
            clients: children.iter().map(|it| Client::at(it.addr())).collect(),
            directory,
            _children: children,
        }
    }

    /// A line for each time that a handler ran.
    fn effects(&self) -> Vec<String> {
        let ledger = std::fs::read_to_string(self.directory.path().join("ledger"));
        ledger.unwrap().lines().map(str::to_owned).collect()
    }
}

/// Which key is sent to which process, in this order: retries of one key come close together and in no order.
fn sends() -> Vec<(usize, usize)> {
    let random = || AttemptId::random().as_bytes()[0];
    let mut sends: Vec<_> = (0..KEYS * TIMES)
        .map(|number| (number % KEYS, usize::from(random() % 2)))
        .collect();
    sends.sort_by_cached_key(|(key, _)| (key / 50, random()));
    sends
}

/// The outcome of each key, which is the same to all who did not come while it was made.
fn one_outcome_each(answers: Vec<(usize, Reply)>) -> HashMap<usize, Reply> {
    let mut outcomes: HashMap<usize, Reply> = HashMap::new();
    for (key, reply) in answers {
        if reply.status == StatusCode::CONFLICT {
            assert_eq!(reply.problem().1, "idempotency_pending");
            continue;
        }
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        let first = outcomes.entry(key).or_insert_with(|| reply.clone());
        assert_eq!(reply.body, first.body);
    }
    outcomes
}
