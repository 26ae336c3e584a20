//! What an endpoint asks for: every option of the attribute but those that name arguments, as a `const`.

mod contradictions;
mod description;
mod key;
mod release;
mod ttl;

use std::time::Duration;

pub use self::description::{DescribedRefusal, Description};
pub(crate) use self::key::is_token;
pub use self::key::{KeyFormat, KeySource};
pub use self::release::{Release, StatusRange};
pub use self::ttl::Ttl;

/// The settings of an endpoint.
///
/// An attribute builds one; several endpoints share one by naming a constant, `#[idempotent(policy = PAYMENTS, …)]`,
/// and the attribute's own options override it. What cannot hold does not compile:
///
/// ```
/// use std::time::Duration;
/// use idempotent_runtime::policy::{Abandoned, Policy, Ttl};
///
/// const PAYMENTS: Policy = Policy::new()
///     .ttl(Ttl::days(7))
///     .abandoned(Abandoned::Refuse)
///     .lease(Duration::from_secs(10))
///     .max_body(64 * 1024);
/// # assert_eq!(PAYMENTS.lease, Duration::from_secs(10));
/// ```
///
/// ```compile_fail,E0080
/// # use idempotent_runtime::policy::{Policy, Ttl};
/// const PAYMENTS: Policy = Policy::new().ttl(Ttl::seconds(0)); // a record that expires at once protects nothing
/// ```
///
/// ```compile_fail,E0080
/// # use std::time::Duration;
/// # use idempotent_runtime::policy::{Policy, Ttl};
/// const PAYMENTS: Policy = Policy::new().ttl(Ttl::After(Duration::ZERO)).validated();
/// ```
///
/// ```compile_fail,E0080
/// # use idempotent_runtime::policy::{KeyFormat, Policy};
/// const PAYMENTS: Policy = Policy::new().key_format(KeyFormat::Any { min: 0, max: 0 }).validated();
/// ```
///
/// ```compile_fail,E0080
/// # use idempotent_runtime::policy::{FingerprintOf, Policy};
/// const PAYMENTS: Policy = Policy::new().fingerprint(FingerprintOf::Fields(&["amount"])); // no pointer
/// ```
///
/// ```compile_fail,E0080
/// # use idempotent_runtime::policy::{KeySource, Policy};
/// const PAYMENTS: Policy = Policy::new().key(KeySource::Header("not a name")).validated();
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// Where the key is. Default: the header `Idempotency-Key`.
    pub key: KeySource,
    /// What a key looks like. Default: 1 to 255 characters.
    pub key_format: KeyFormat,
    /// How long an outcome is kept, counted from completion. Default: 24 hours.
    pub ttl: Ttl,
    /// What a key is bound to beside its scope. Default: method and route.
    pub operation: Operation,
    /// What of the body makes a request the same request. Default: its bytes.
    pub fingerprint: FingerprintOf,
    /// What a request without a key gets. Default: a refusal.
    pub missing: Missing,
    /// What another request under the same key gets. Default: a refusal with 422.
    pub mismatch: Mismatch,
    /// What a retry gets while the first attempt runs. Default: a refusal with 409.
    pub pending: Pending,
    /// Which outcomes give the key back. Default: statuses 401, 408, 425, 429 and 503.
    pub release: Release,
    /// What a retry gets after an attempt ended without an outcome. Default: it runs as a new attempt.
    pub abandoned: Abandoned,
    /// How long a claim holds without being renewed. Default: 30 seconds.
    pub lease: Duration,
    /// The longest that an attempt may run. Default: 15 minutes.
    pub deadline: Duration,
    /// The largest request body, in bytes, that is read. `None`: 2 MiB, or what the application's own limit allows
    /// beyond it.
    pub max_body: Option<usize>,
    /// The largest response body, in bytes, that is kept. Default: 1 MiB.
    pub max_response: usize,
    /// What a request gets while the store is unreachable. Default: a refusal with 503.
    pub store_down: StoreDown,
}

/// What a key is bound to beside its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Method and route template; method and path where there is no template.
    Route,
    /// Method and concrete path.
    Path,
    /// This name, so that several endpoints share their keys.
    Named(&'static str),
}

/// What of the body makes a request the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FingerprintOf {
    /// Every byte of it. Of a multipart form its parts, since their boundary is random: their names, file names, types,
    /// order and content.
    Body,
    /// Its JSON value, in the canonical form of RFC 8785: members may be reordered and written otherwise. Integers keep
    /// all their digits, where RFC 8785 would round them. A body that is not JSON, or repeats a name, counts by its bytes.
    Json,
    /// What stands at these JSON pointers, compared as under [`Json`](Self::Json); what is absent differs from null.
    Fields(&'static [&'static str]),
    /// Everything but what stands at these JSON pointers, compared as under [`Json`](Self::Json).
    Except(&'static [&'static str]),
    /// Nothing: method, path and query alone.
    None,
}

impl FingerprintOf {
    #[track_caller]
    const fn assert_valid(self) {
        let (Self::Fields(pointers) | Self::Except(pointers)) = self else {
            return;
        };
        assert!(
            !pointers.is_empty(),
            "an empty list of JSON pointers names nothing"
        );
        let mut index = 0;
        while index < pointers.len() {
            assert!(
                key::is_pointer(pointers[index]),
                "a JSON pointer starts with a slash, and writes `~` as `~0` (RFC 6901)"
            );
            index += 1;
        }
    }
}

/// What a request without a key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// 400, `idempotency_key_missing`.
    Reject,
    /// The handler runs as if it were not annotated.
    Unprotected,
}

/// What another request under the same key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// A refusal with this status, `idempotency_mismatch`.
    Reject(u16),
    /// Nothing: another request is an operation of its own, with its own record.
    Separate,
}

/// What a retry gets while the first attempt runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pending {
    /// A refusal with this status and `Retry-After`, `idempotency_pending`.
    Reject(u16),
    /// The outcome, waited for at most so long; then a refusal with 409. A waiter never runs anything: if the attempt it
    /// waits for ends without an outcome, it is refused.
    Wait(Duration),
    /// The outcome that the first attempt publishes while it runs, waited for at most so long; then a refusal with 409.
    Provisional(Duration),
}

impl Pending {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Reject(status) => status,
            Self::Wait(_) | Self::Provisional(_) => 409,
        }
    }
}

/// What a retry gets after an attempt ended without an outcome. More may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Abandoned {
    /// The handler runs again. Effects of the abandoned attempt outside the store may happen twice.
    Rerun,
    /// The handler runs again until this many attempts have been abandoned; from then on as under
    /// [`Refuse`](Self::Refuse). Of one, no retry runs again, as under `Refuse`. The count starts anew with each
    /// generation: when the key was given back, expired or was forgotten.
    ///
    /// It bounds what one bad request can do: one that crashes its process crashes at most this many.
    RerunUpTo(u32),
    /// 409, `idempotency_outcome_unknown`, until somebody settles it.
    Refuse,
}

impl Abandoned {
    /// Whether a retry runs once so many attempts were abandoned.
    pub(crate) fn runs_after(self, abandoned: u32) -> bool {
        match self {
            Self::Rerun => true,
            Self::RerunUpTo(most) => abandoned < most,
            Self::Refuse => false,
        }
    }
}

/// What a request gets while the store is unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreDown {
    /// 503 with `Retry-After`, `idempotency_store_unavailable`.
    Reject,
    /// The handler runs as if it were not annotated.
    Unprotected,
}

/// A number of milliseconds, as generated code writes a duration.
#[doc(hidden)]
pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Policy {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            key: KeySource::Header("idempotency-key"),
            key_format: KeyFormat::any(1, 255),
            ttl: Ttl::hours(24),
            operation: Operation::Route,
            fingerprint: FingerprintOf::Body,
            missing: Missing::Reject,
            mismatch: Mismatch::Reject(422),
            pending: Pending::Reject(409),
            release: Release::DEFAULT,
            abandoned: Abandoned::Rerun,
            lease: Duration::from_secs(30),
            deadline: Duration::from_mins(15),
            max_body: None,
            max_response: 1024 * 1024,
            store_down: StoreDown::Reject,
        }
    }

    /// Sets where the key is.
    pub const fn key(mut self, key: KeySource) -> Self {
        self.key = key;
        self
    }

    /// Sets what a key looks like.
    pub const fn key_format(mut self, format: KeyFormat) -> Self {
        self.key_format = format;
        self
    }

    /// Sets how long an outcome is kept, counted from completion.
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets what a key is bound to beside its scope.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if a name is empty.
    #[track_caller]
    pub const fn operation(mut self, operation: Operation) -> Self {
        if let Operation::Named(name) = operation {
            assert!(!name.is_empty(), "an operation's name cannot be empty");
        }
        self.operation = operation;
        self
    }

    /// Sets what of the body makes a request the same request.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if a list of JSON pointers is empty, or one of them is none, or the empty one.
    #[track_caller]
    pub const fn fingerprint(mut self, fingerprint: FingerprintOf) -> Self {
        fingerprint.assert_valid();
        self.fingerprint = fingerprint;
        self
    }

    /// Sets what a request without a key gets.
    pub const fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Sets what another request under the same key gets.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if the status is not a 4xx.
    #[track_caller]
    pub const fn mismatch(mut self, mismatch: Mismatch) -> Self {
        if let Mismatch::Reject(status) = mismatch {
            assert!(
                400 <= status && status <= 499,
                "a mismatch is refused with a 4xx status"
            );
        }
        self.mismatch = mismatch;
        self
    }

    /// Sets what a retry gets while the first attempt runs.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if the status is not a 4xx, or the time shorter than a millisecond.
    #[track_caller]
    pub const fn pending(mut self, pending: Pending) -> Self {
        match pending {
            Pending::Reject(status) => assert!(
                400 <= status && status <= 499,
                "a retry of a running attempt is refused with a 4xx status"
            ),
            Pending::Wait(time) | Pending::Provisional(time) => {
                assert!(
                    time.as_millis() > 0,
                    "who waits waits a millisecond or more"
                );
            }
        }
        self.pending = pending;
        self
    }

    /// Sets which outcomes give the key back.
    pub const fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Sets what a retry gets after an attempt ended without an outcome.
    ///
    /// ```compile_fail,E0080
    /// # use idempotent_runtime::policy::{Abandoned, Policy};
    /// const PAYMENTS: Policy = Policy::new().abandoned(Abandoned::RerunUpTo(0)); // say `Refuse`
    /// ```
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is `RerunUpTo(0)`.
    #[track_caller]
    pub const fn abandoned(mut self, abandoned: Abandoned) -> Self {
        if let Abandoned::RerunUpTo(most) = abandoned {
            assert!(
                most > 0,
                "`RerunUpTo` counts from 1: write `Abandoned::Refuse` where no retry may run again"
            );
        }
        self.abandoned = abandoned;
        self
    }

    /// Sets how long a claim holds without being renewed; it is renewed at a third of that.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is shorter than a millisecond.
    #[track_caller]
    pub const fn lease(mut self, lease: Duration) -> Self {
        assert!(lease.as_millis() > 0, "a lease lasts a millisecond or more");
        self.lease = lease;
        self
    }

    /// Sets the longest that an attempt may run.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if it is shorter than a millisecond.
    #[track_caller]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        assert!(
            deadline.as_millis() > 0,
            "a deadline is a millisecond or more away"
        );
        self.deadline = deadline;
        self
    }

    /// Sets the largest request body, in bytes, that is read; a larger one is refused with 413.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets the largest response body, in bytes, that is kept. The first caller of a larger one gets it whole; retries
    /// get 409, `idempotency_outcome_not_kept`.
    pub const fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// Sets what a request gets while the store is unreachable.
    pub const fn store_down(mut self, store_down: StoreDown) -> Self {
        self.store_down = store_down;
        self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
