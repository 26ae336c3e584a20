//! Records in Redis.

mod connection;
mod error;
mod limit;
mod listing;
mod options;
mod origin;
mod reply;
mod script;
mod survives;
#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::{Cmd, Value};

use self::connection::Connection;
pub use self::error::RedisStoreError;
use self::error::to_store_error;
pub use self::options::RedisStoreOptions;
use self::script::Script;
use super::columns::{millis, state, state_of};
use super::{
    Claim, Claimed, Completion, Fence, List, Page, Record, Resolution, Store, StoreError,
    StoreFuture, Survives, Takeover, transition,
};
use crate::clock::Clock;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Outcome;
use crate::policy::Ttl;

#[doc = include_str!("store.md")]
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Connection,
    prefix: String,
    clock: Option<Arc<dyn Clock>>,
    place: Option<String>,
}

impl Shared {
    fn key(&self, record: RecordId) -> String {
        format!("{}:{record}", self.prefix)
    }
}

impl RedisStore {
    /// Connects to the server at this URL with the default [options](RedisStoreOptions).
    ///
    /// # Errors
    ///
    /// Those of [`RedisStoreOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, RedisStoreError> {
        RedisStoreOptions::new().connect(url).await
    }

    /// Connects to the cluster that these nodes belong to, with the default [options](RedisStoreOptions).
    ///
    /// # Errors
    ///
    /// Those of [`RedisStoreOptions::connect_cluster`].
    pub async fn connect_cluster<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
    ) -> Result<Self, RedisStoreError> {
        RedisStoreOptions::new().connect_cluster(urls).await
    }

    /// Sends commands over the application's own connection: see [`RedisStoreOptions::with_connection`].
    pub fn new<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        RedisStoreOptions::new().with_connection(connection)
    }

    fn with_options(
        options: RedisStoreOptions,
        connection: Connection,
        place: Option<String>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                connection,
                prefix: options.prefix,
                clock: options.clock,
                place,
            }),
        }
    }

    /// Runs a script that changes nothing, to see whether the server lets this user run scripts.
    async fn check(&self) -> Result<(), StoreError> {
        self.load(RecordId::from_bytes([0; 32])).await.map(drop)
    }

    /// Asks the server to carry out one step.
    fn run(
        &self,
        script: &'static Script,
        record: RecordId,
        arguments: impl Fn(&mut Cmd) + Send + Sync + 'static,
    ) -> impl Future<Output = Result<Value, StoreError>> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move {
            let key = shared.key(record);
            let answer = script.run(&shared.connection, &key, |command| {
                match &shared.clock {
                    Some(clock) => command.arg(clock.now().as_millis()),
                    None => command.arg(""),
                };
                arguments(command);
            });
            answer.await.map_err(to_store_error)
        }
    }

    /// A step of an attempt that only answers whether it took effect.
    fn fenced(
        &self,
        script: &'static Script,
        record: RecordId,
        arguments: impl Fn(&mut Cmd) + Send + Sync + 'static,
    ) -> StoreFuture<'_, Fence> {
        let answer = self.run(script, record, arguments);
        Box::pin(async move { reply::fence(&answer.await?) })
    }

    /// Like `fenced`, for a step that writes values of up to this size.
    fn fenced_within(
        &self,
        size: usize,
        script: &'static Script,
        record: RecordId,
        arguments: impl Fn(&mut Cmd) + Send + Sync + 'static,
    ) -> StoreFuture<'_, Fence> {
        let step = self.fenced(script, record, arguments);
        Box::pin(limit::within(&self.shared.connection, size, step))
    }
}

impl Store for RedisStore {
    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
        let asked = claim.clone();
        let answer = self.run(&script::CLAIM, claim.record, move |command| {
            command
                .arg(asked.fingerprint.as_bytes())
                .arg(asked.attempt.as_bytes())
                .arg(millis(asked.lease));
            push_takeover(command, asked.takeover);
            push_label(command, &asked);
            push_time(command, asked.keep_abandoned);
        });
        Box::pin(async move { reply::claimed(answer.await?, &claim) })
    }

    fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
        self.fenced(&script::WITHDRAW, claim.record, move |command| {
            command
                .arg(claim.fingerprint.as_bytes())
                .arg(claim.attempt.as_bytes());
            push_label(command, &claim);
            match claim.takeover {
                Takeover::UpTo(most) => command.arg(most),
                _ => command.arg(""),
            };
            push_time(command, claim.keep_abandoned);
            push_release(command);
        })
    }

    fn renew(
        &self,
        record: RecordId,
        attempt: AttemptId,
        lease: Duration,
    ) -> StoreFuture<'_, Fence> {
        self.fenced(&script::RENEW, record, move |command| {
            command.arg(attempt.as_bytes()).arg(millis(lease));
        })
    }

    fn publish(
        &self,
        record: RecordId,
        attempt: AttemptId,
        outcome: Outcome,
    ) -> StoreFuture<'_, Fence> {
        let size = limit::largest_value(Some(&outcome));
        self.fenced_within(size, &script::PUBLISH, record, move |command| {
            command.arg(attempt.as_bytes());
            push_outcome(command, Some(&outcome));
        })
    }

    fn complete(
        &self,
        record: RecordId,
        attempt: AttemptId,
        completion: Completion,
    ) -> StoreFuture<'_, Fence> {
        let size = limit::largest_value(completion.outcome.as_ref());
        self.fenced_within(size, &script::COMPLETE, record, move |command| {
            command.arg(attempt.as_bytes());
            push_completion(command, &completion);
        })
    }

    fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
        self.fenced(&script::RELEASE, record, move |command| {
            command.arg(attempt.as_bytes());
            push_release(command);
        })
    }

    fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
        let answer = self.run(&script::LOAD, record, |_| ());
        Box::pin(async move {
            let (now, row) = reply::row(answer.await?)?;
            Ok(transition::load(row.as_ref(), now))
        })
    }

    fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
        self.fenced(&script::FORGET, record, move |command| {
            command.arg(seen.as_bytes());
        })
    }

    fn resolve(
        &self,
        record: RecordId,
        seen: AttemptId,
        attempt: AttemptId,
        resolution: Resolution,
    ) -> StoreFuture<'_, Fence> {
        let size = match &resolution {
            Resolution::Complete(completion) => limit::largest_value(completion.outcome.as_ref()),
            Resolution::Release => 0,
        };
        self.fenced_within(size, &script::RESOLVE, record, move |command| {
            command.arg(seen.as_bytes()).arg(attempt.as_bytes());
            match &resolution {
                Resolution::Complete(completion) => push_completion(command, completion),
                Resolution::Release => push_release(command),
            }
        })
    }

    /// Goes through all keys of the server, including those of others.
    fn list(&self, list: List) -> StoreFuture<'_, Page> {
        Box::pin(async move { listing::page(&self.shared, list).await })
    }

    /// Removes nothing: Redis itself removes expired records.
    fn sweep(&self, _limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn survives(&self) -> StoreFuture<'_, Survives> {
        Box::pin(survives::ask(&self.shared.connection))
    }
}

/// The client knows the password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("place", &self.shared.place)
            .field("prefix", &self.shared.prefix)
            .finish_non_exhaustive()
    }
}

/// The arguments of a claim's script about takeovers.
fn push_takeover(command: &mut Cmd, takeover: Takeover) {
    match takeover {
        Takeover::Never => command.arg("never").arg(""),
        Takeover::Abandoned => command.arg("abandoned").arg(""),
        Takeover::From(seen) => command.arg("from").arg(seen.as_bytes()),
        Takeover::UpTo(most) => command.arg("upto").arg(most),
    };
}

fn push_label(command: &mut Cmd, claim: &Claim) {
    // A label holds no NUL.
    let (namespace, operation) = (claim.label.namespace(), claim.label.operation());
    let mut label = Vec::with_capacity(namespace.len() + 1 + operation.len());
    label.extend(namespace.as_bytes());
    label.push(0);
    label.extend(operation.as_bytes());
    command.arg(label);
}

fn push_time(command: &mut Cmd, time: Option<Duration>) {
    match time {
        Some(time) => command.arg(millis(time)),
        None => command.arg(""),
    };
}

/// The arguments of the scripts' `finish` for a done record.
fn push_completion(command: &mut Cmd, completion: &Completion) {
    command.arg(state_of(completion.disposition));
    match completion.ttl {
        Ttl::After(ttl) => command.arg(millis(ttl)),
        Ttl::Forever => command.arg(""),
    };
    push_outcome(command, completion.outcome.as_ref());
}

/// The arguments of the scripts' `finish` for a released record.
fn push_release(command: &mut Cmd) {
    command
        .arg(state::RELEASED)
        .arg(millis(transition::RELEASED_STAYS));
    push_outcome(command, None);
}

fn push_outcome(command: &mut Cmd, outcome: Option<&Outcome>) {
    match outcome {
        Some(outcome) => command
            .arg(outcome.status())
            .arg(&outcome.headers().as_bytes()[..])
            .arg(&outcome.body()[..]),
        None => command.arg("").arg("").arg(""),
    };
}
