//! From what a client sent to the record that it made.

use std::fmt;

use super::Idempotency;
use crate::identity::{Origin, RecordId};
use crate::key::{Place, parse_key};
use crate::operation::OperationName;
use crate::policy::{KeySource, Mismatch, Operation, Policy};
use crate::scope::Scope;

impl Idempotency {
    /// Starts to look for the record of a key that a client sent to an endpoint with this policy, within this scope.
    ///
    /// The scope is what the attribute's `scope` gives: one value, a tuple of them, or [`Scope::global`]. The key is the
    /// text that the client sent, quoted or bare, at the first of the policy's places; it is read as a request's key is.
    /// An attribute that overrides the policy's `key`, `key_format`, `operation` or `mismatch` isn't seen from here.
    ///
    /// It asks the store nothing: see [`Find::records`].
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # async fn support() -> Result<(), Box<dyn std::error::Error>> {
    /// # use idempotent_runtime::MemoryStore;
    /// use idempotent_runtime::{Idempotency, Policy};
    ///
    /// const PAYMENTS: Policy = Policy::new();
    ///
    /// # let idempotency = Idempotency::new(MemoryStore::new());
    /// // A customer asks what became of her payment.
    /// let ids = idempotency
    ///     .find(&PAYMENTS, "org-7", "8e03978e-40d5-43e8-bc93-6894a57f9324")
    ///     .route("POST", "/orgs/{org}/payments")
    ///     .records()?;
    /// for id in ids {
    ///     if let Some(record) = idempotency.load(id).await? {
    ///         println!("{}: {:?}", record.label, record.state);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(support()).unwrap();
    /// ```
    pub fn find<'a>(
        &'a self,
        policy: &'a Policy,
        scope: impl Into<Scope>,
        key: &'a str,
    ) -> Find<'a> {
        Find {
            idempotency: self,
            policy,
            scope: scope.into(),
            key,
            route: None,
            path: None,
        }
    }
}

/// A search for a client's record, made by [`Idempotency::find`].
#[must_use = "`records` tells the ids"]
pub struct Find<'a> {
    idempotency: &'a Idempotency,
    policy: &'a Policy,
    scope: Scope,
    key: &'a str,
    route: Option<(&'a str, &'a str)>,
    path: Option<(&'a str, &'a str)>,
}

impl<'a> Find<'a> {
    /// The request's method and the route's whole template, with the prefixes under which it is nested; the names of its
    /// parameters don't count. A policy whose operation is [`Route`](Operation::Route) needs it, any other passes it by.
    pub fn route(mut self, method: &'a str, template: &'a str) -> Self {
        self.route = Some((method, template));
        self
    }

    /// The request's method and path, as they were sent and without the query. A policy whose operation is
    /// [`Path`](Operation::Path) needs it; one whose operation is [`Route`](Operation::Route) takes it for a handler that
    /// has no route, such as a fallback.
    pub fn path(mut self, method: &'a str, path: &'a str) -> Self {
        self.path = Some((method, path));
        self
    }

    /// The ids that the record may have: one, or one for each secret while [secrets](crate::IdempotencyBuilder::earlier_secrets)
    /// are rotated, the current one's first. [`Idempotency::load`] says whether there is such a record.
    ///
    /// # Errors
    ///
    /// [`FindError`], if the key is invalid under the policy, if the policy needs a route or path that wasn't given, or if
    /// the policy makes every request a record of its own.
    pub fn records(&self) -> Result<Vec<RecordId>, FindError> {
        if self.policy.mismatch == Mismatch::Separate {
            return Err(FindError::Separate {});
        }
        let place = match self.policy.key.places().first() {
            Some(KeySource::Header(_)) => Place::Header,
            _ => Place::Elsewhere,
        };
        let key = parse_key(self.key.as_bytes(), self.policy.key_format, place).map_err(|_| {
            FindError::Key {
                format: self.policy.describe().format,
            }
        })?;
        let operation = self.operation()?;
        let settings = self.idempotency.settings();
        let record = |secret| {
            operation.record(
                secret,
                &settings.namespace,
                Origin::Web,
                &self.scope,
                key.as_str(),
                None,
            )
        };
        Ok(settings.secrets.all().map(record).collect())
    }

    fn operation(&self) -> Result<OperationName<'a>, FindError> {
        let operation = self.policy.operation;
        let (method, template, path) = match (operation, self.route, self.path) {
            (Operation::Named(_), ..) => ("", None, ""),
            (Operation::Route, Some((method, template)), _) => (method, Some(template), ""),
            (Operation::Route | Operation::Path, _, Some((method, path))) => (method, None, path),
            (Operation::Route, None, None) => return Err(FindError::Route {}),
            (Operation::Path, _, None) => return Err(FindError::Path {}),
        };
        Ok(OperationName::of(operation, method, template, path))
    }
}

/// Why no record can be looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The endpoint would refuse the key.
    #[error("the key is invalid under this policy: it must be {format}")]
    #[non_exhaustive]
    Key {
        /// What a key looks like.
        format: String,
    },
    /// The policy's operation is the route.
    #[error(
        "the policy binds keys to routes: say which, with `.route(\"POST\", \"/orders/{{id}}\")`"
    )]
    #[non_exhaustive]
    Route {},
    /// The policy's operation is the path.
    #[error("the policy binds keys to paths: say which, with `.path(\"POST\", \"/orders/7\")`")]
    #[non_exhaustive]
    Path {},
    /// Under `mismatch = separate` each request has a record of its own, which the key alone doesn't name.
    #[error(
        "under `mismatch = separate` a key has a record for each request: list the records of the operation instead"
    )]
    #[non_exhaustive]
    Separate {},
}

/// Neither scope nor key are printed.
impl fmt::Debug for Find<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Find")
            .field("route", &self.route)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
