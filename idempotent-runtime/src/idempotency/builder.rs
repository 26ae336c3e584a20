//! Setting up a handle, and the checks before it serves.

use std::sync::Arc;
use std::time::Duration;

use super::secrets::check_secrets;
use super::{Idempotency, Settings, in_time};
use crate::clock::Clock;
use crate::identity::RecordId;
use crate::policy::is_token;
use crate::store::{Durability, Store, StoreError};

/// Settings for an [`Idempotency`], made by [`Idempotency::builder`].
///
/// ```
/// # #[cfg(feature = "memory")]
/// # async fn build() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use idempotent_runtime::{Idempotency, MemoryStore};
///
/// let idempotency = Idempotency::builder(MemoryStore::new())
///     .namespace("billing")
///     .secret("from the application's secret store")
///     .drop_header("x-request-id")
///     .max_in_flight(1_000)
///     .sweep_interval(Duration::from_secs(30))
///     .build()
///     .await?;
/// # drop(idempotency);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(build()).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "nothing is set up before `build`"]
pub struct IdempotencyBuilder {
    store: Arc<dyn Store>,
    settings: Settings,
    required: Option<Durability>,
}

impl IdempotencyBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            settings: Settings::default(),
            required: None,
        }
    }

    /// Keeps the records of applications that share a store apart. Default: empty.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.settings.namespace = namespace.into().into();
        self
    }

    /// Names the header that marks every answer from a record, with the value `true`. Default: `Idempotency-Replayed`.
    pub fn replayed_header(mut self, name: impl AsRef<str>) -> Self {
        self.settings.http.replayed_header = Some(name.as_ref().to_ascii_lowercase());
        self
    }

    /// Marks no answer: a replay looks like the first one.
    pub fn without_replayed_header(mut self) -> Self {
        self.settings.http.replayed_header = None;
        self
    }

    /// Keeps a response header out of records, beside those that never are: hop-by-hop headers, `Date`,
    /// `Content-Length` and `Set-Cookie`. May be called again for another.
    pub fn drop_header(mut self, name: impl AsRef<str>) -> Self {
        self.settings
            .http
            .dropped_headers
            .push(name.as_ref().to_ascii_lowercase());
        self
    }

    /// Takes time from this clock: the heartbeat, deadlines, the handle's own judgement of leases. Default: the
    /// system's. A store has a clock of its own.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// How often to remove expired records, from the first request on. Zero turns the sweep off. Default: one minute.
    ///
    /// Each sweep comes up to half an interval early, by chance, so that processes don't sweep together. One that hangs is
    /// dropped, and the next goes on.
    pub fn sweep_interval(mut self, interval: Duration) -> Self {
        self.settings.sweep_interval = (!interval.is_zero()).then_some(interval);
        self
    }

    /// How many attempts may run at once. One more is refused with 503 `idempotency_overloaded` and leaves no record;
    /// retries are still answered from their records. Zero: no bound. Default: 4,096.
    ///
    /// # This is the only bound on handlers
    ///
    /// **Handlers outlive their clients. A `ConcurrencyLimit` or a `Timeout` around an annotated handler does NOT bound how
    /// many run:** such a layer gives its permit back as soon as the client leaves or the time is up, while the handler
    /// goes on in a task of its own. With a limit of one, ten clients that leave early have ten handlers running. Set this
    /// to what the application, and the pools that its handlers take connections from, can bear. Bound how long a handler
    /// runs by the policy's `deadline`.
    ///
    /// Handlers that run without a record aren't counted: those under `store_down = unprotected` while the store fails, and
    /// those that are called without a key under `missing = unprotected`.
    pub fn max_in_flight(mut self, attempts: usize) -> Self {
        let most = tokio::sync::Semaphore::MAX_PERMITS;
        self.settings.max_in_flight = (attempts > 0).then_some(attempts.min(most));
        self
    }

    /// Links refusals to the application's own documentation of its keys: as the problem's `type`, and in a `Link`
    /// header. Default: problems link to the IETF draft.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.settings.http.documentation = Some(url.into());
        self
    }

    /// Refuses to start where the store, as it is set up now, cannot hold this much. Default: nothing is required.
    ///
    /// [`build`](Self::build) asks the store for the settings that it depends on. They may be changed later, and a disk
    /// that claims to have written what it hasn't goes undetected.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # async fn build() {
    /// use idempotent_runtime::store::Durability;
    /// use idempotent_runtime::{Idempotency, MemoryStore};
    ///
    /// let refused = Idempotency::builder(MemoryStore::new())
    ///     .require(Durability::Process)
    ///     .build()
    ///     .await;
    /// assert_eq!(
    ///     refused.unwrap_err().to_string(),
    ///     "the store does not survive the end of the process: records in memory end with their process: take another store"
    /// );
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(build());
    /// ```
    pub fn require(mut self, durability: Durability) -> Self {
        self.required = Some(durability);
        self
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Checks the settings, and the secret against the store.
    ///
    /// # Errors
    ///
    /// [`BuildError::HeaderName`] if a header name is invalid, [`BuildError::Documentation`] if the link is,
    /// [`BuildError::ShortSecret`] and [`BuildError::NoCurrentSecret`] if the secrets are,
    /// [`BuildError::Secret`] if the store's records of this namespace were made under a secret that isn't known here, or
    /// under none, [`BuildError::Durability`] if the store does not hold what was [required](Self::require),
    /// [`BuildError::Store`] if it could not be asked, or did not answer within 30 seconds.
    pub async fn build(self) -> Result<Idempotency, BuildError> {
        let Self {
            store,
            settings,
            required,
        } = self;
        let http = &settings.http;
        let names = http.replayed_header.iter().chain(&http.dropped_headers);
        if let Some(name) = names.into_iter().find(|name| !is_token(name)) {
            return Err(BuildError::HeaderName { name: name.clone() });
        }
        if let Some(url) = http.documentation.iter().find(|url| !is_link(url)) {
            return Err(BuildError::Documentation { url: url.clone() });
        }
        let checks = async {
            if let Some(required) = required {
                check_durability(&*store, required).await?;
            }
            check_secrets(&*store, &settings).await
        };
        in_time(&*settings.clock, checks).await?;
        Ok(Idempotency::from_parts(store, settings))
    }
}

/// Why an [`Idempotency`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A header name is invalid.
    #[error("`{name}` is not a header name")]
    #[non_exhaustive]
    HeaderName {
        /// The name as it was given, in lower case.
        name: String,
    },
    /// The link to the documentation can't be sent in a header.
    #[error("`{url}` is not a valid link: it must consist of visible ASCII without `<` and `>`")]
    #[non_exhaustive]
    Documentation {
        /// The link as it was given.
        url: String,
    },
    /// The store has records of this namespace that were made under another secret, or under none.
    #[error(
        "the records of this store and namespace were made under another secret: give the builder that one, or another namespace; or, if that was a mistake and nothing was recorded, remove its mark {mark} with `IdempotencyBuilder::forget_secret_mark`"
    )]
    #[non_exhaustive]
    Secret {
        /// The record that says so.
        mark: RecordId,
    },
    /// A secret is empty, or so short that it could be guessed.
    #[error("a secret needs at least 16 bytes; take 32 random ones")]
    #[non_exhaustive]
    ShortSecret {},
    /// There are earlier secrets and no current one.
    #[error("there are earlier secrets and no current one: call `secret` as well")]
    #[non_exhaustive]
    NoCurrentSecret {},
    /// The store does not survive what was required of it.
    #[error("the store does not survive {required}: {because}")]
    #[non_exhaustive]
    Durability {
        /// What was required.
        required: Durability,
        /// Which setting stands in the way, and what it should be.
        because: String,
    },
    /// The store could not be asked.
    #[error("the settings could not be checked against the store")]
    Store(#[from] StoreError),
}

async fn check_durability(store: &dyn Store, required: Durability) -> Result<(), BuildError> {
    let survives = store.survives().await?;
    if survives.holds(required) {
        return Ok(());
    }
    Err(BuildError::Durability {
        required,
        because: survives.because().to_owned(),
    })
}

/// RFC 8288, section 3: what stands between `<` and `>`.
fn is_link(url: &str) -> bool {
    !url.is_empty()
        && url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
}
