//! The secrets under which records are made and found, and the mark by which processes notice that theirs differ.

use std::time::Duration;

use super::{BuildError, IdempotencyBuilder, Settings};
use crate::digest::{Fields, Secret};
use crate::fingerprint::Fingerprint;
use crate::identity::{AttemptId, RecordId};
use crate::outcome::Disposition;
use crate::policy::Ttl;
use crate::store::{Claim, Claimed, Completion, Record, Store, StoreError, Takeover};

/// The fewest bytes of a secret: 128 bits.
const SHORTEST_SECRET: usize = 16;

/// The secret under which records are made, and those under which they were made before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    current: Option<Secret>,
    earlier: Vec<Secret>,
    /// Whether one that was given is too short.
    too_short: bool,
}

impl Secrets {
    /// All of them, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Option<&Secret>> {
        std::iter::once(self.current.as_ref()).chain(self.earlier.iter().map(Some))
    }

    pub(crate) fn current(&self) -> Option<&Secret> {
        self.current.as_ref()
    }

    pub(crate) fn earlier(&self) -> &[Secret] {
        &self.earlier
    }

    /// One of them by its place among all.
    pub(crate) fn nth(&self, index: usize) -> Option<&Secret> {
        self.all().nth(index).flatten()
    }

    fn read(&mut self, secret: &[u8]) -> Secret {
        self.too_short |= secret.len() < SHORTEST_SECRET;
        Secret::new(secret)
    }
}

impl IdempotencyBuilder {
    /// Turns identities and fingerprints into HMACs under this secret, so that somebody who reads the store can test no
    /// guesses of keys or bodies. Take 32 random bytes; [`build`](Self::build) refuses fewer than 16.
    ///
    /// All processes that share a store and namespace must have the same; [`build`](Self::build) checks it. To change it,
    /// see [`earlier_secrets`](Self::earlier_secrets).
    pub fn secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        let secret = self.settings_mut().secrets.read(secret.as_ref());
        self.settings_mut().secrets.current = Some(secret);
        self
    }

    /// Also finds records that were made under these secrets. New records are made under the current
    /// [`secret`](Self::secret).
    ///
    /// To rotate a secret, deploy three times, each to all processes before the next begins:
    ///
    /// 1. `.secret(old).earlier_secrets([new])`: every process learns the new secret, and none uses it;
    /// 2. `.secret(new).earlier_secrets([old])`: records are made under the new one. Processes of the first step may run
    ///    beside those of the second, since each finds the other's records;
    /// 3. `.secret(new)`, once the records of the old one have expired.
    ///
    /// No key runs twice on the way. Without the first step, a process that doesn't know the new secret would not see the
    /// records that are made under it. While there are several secrets, a call asks the store for the record under each of
    /// them, before its claim and once more before its handler runs. Two retries that arrive at the same moment at processes
    /// of different steps may both be answered `idempotency_pending`.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # async fn build() -> Result<(), Box<dyn std::error::Error>> {
    /// use idempotent_runtime::{Idempotency, MemoryStore};
    ///
    /// # let (new, old) = ([1; 32], [2; 32]);
    /// let idempotency = Idempotency::builder(MemoryStore::new())
    ///     .secret(new)
    ///     .earlier_secrets([old])
    ///     .build()
    ///     .await?;
    /// # drop(idempotency);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(build()).unwrap();
    /// ```
    pub fn earlier_secrets<S: AsRef<[u8]>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        for secret in secrets {
            let secret = self.settings_mut().secrets.read(secret.as_ref());
            self.settings_mut().secrets.earlier.push(secret);
        }
        self
    }

    /// The record by which [`build`](Self::build) notices that another process of this namespace has another secret.
    pub fn secret_mark(&self) -> RecordId {
        mark_of(self.settings())
    }

    /// Removes the [mark](Self::secret_mark) of the secret that this store and namespace were first used with, so that
    /// the next [`build`](Self::build) leaves its own. Says whether there was one.
    ///
    /// It undoes a first start under a wrong secret. Where records were made under that secret they are not found under
    /// another one, and their keys run again: give it to [`earlier_secrets`](Self::earlier_secrets) instead.
    ///
    /// # Errors
    ///
    /// If the store can't be reached.
    pub async fn forget_secret_mark(&self) -> Result<bool, StoreError> {
        let (store, mark) = (self.store(), self.secret_mark());
        let forget = async {
            let Some(record) = store.load(mark).await? else {
                return Ok(false);
            };
            // Another process may have been faster.
            let _ = store.forget(mark, record.attempt).await?;
            Ok(true)
        };
        super::in_time(&*self.settings().clock, forget).await
    }
}

fn mark_of(settings: &Settings) -> RecordId {
    let mut id = Fields::new(None, "idempotent/secret-mark/1");
    id.push(settings.namespace.as_bytes());
    RecordId::from_bytes(id.finish())
}

/// Compares the secrets with the mark that is in the store, and leaves the current one's there if there is none or an
/// earlier one's. To have no secret leaves a mark too.
///
/// The mark is a record like any other. Its id depends on the namespace alone, its fingerprint on the secret.
pub(super) async fn check_secrets(
    store: &dyn Store,
    settings: &Settings,
) -> Result<(), BuildError> {
    if settings.secrets.too_short {
        return Err(BuildError::ShortSecret {});
    }
    if settings.secrets.current.is_none() && !settings.secrets.earlier.is_empty() {
        return Err(BuildError::NoCurrentSecret {});
    }
    let record = mark_of(settings);
    let mut known = settings.secrets.all().map(Fingerprint::of_secret);
    let Some(current) = known.next() else {
        unreachable!("to have no secret is one too")
    };
    let known: Vec<Fingerprint> = known.collect();
    let Some(mark) = leave_mark(store, record, current).await? else {
        return Ok(());
    };
    if mark.fingerprint == current {
        return Ok(());
    }
    if !known.contains(&mark.fingerprint) {
        return Err(BuildError::Secret { mark: record });
    }
    // A process that knows the current secret alone is to find its mark.
    let _ = store.forget(record, mark.attempt).await?;
    match leave_mark(store, record, current).await? {
        Some(mark) if mark.fingerprint != current && !known.contains(&mark.fingerprint) => {
            Err(BuildError::Secret { mark: record })
        }
        _ => Ok(()),
    }
}

async fn leave_mark(
    store: &dyn Store,
    record: RecordId,
    fingerprint: Fingerprint,
) -> Result<Option<Record>, StoreError> {
    let attempt = AttemptId::random();
    let lease = Duration::from_secs(30);
    let claim = Claim::new(record, fingerprint, attempt, lease).takeover(Takeover::Abandoned);
    match store.claim(claim).await? {
        Claimed::Found(mark) => Ok(Some(mark)),
        Claimed::Withdrawn => Ok(None),
        Claimed::Won(_) => {
            let completion = Completion::new(Disposition::Completed, None, Ttl::Forever);
            // Another process may have taken over from this one: it leaves the same mark.
            let _ = store.complete(record, attempt, completion).await?;
            Ok(None)
        }
    }
}
