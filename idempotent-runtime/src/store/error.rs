//! A step that failed.

use std::error::Error;
use std::fmt;

/// A step of a store that failed.
///
/// Its kind says what may have happened, and so what its caller has to do. It prints what went wrong; the cause below it
/// is its [`source`](Error::source).
///
/// ```
/// use idempotent_runtime::store::StoreError;
///
/// let error = StoreError::not_sent("connection refused");
/// assert!(error.is_not_sent() && error.is_unavailable());
/// ```
#[derive(Debug)]
pub struct StoreError {
    kind: Kind,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NotSent,
    Unknown,
    TooLarge,
    Corrupt,
}

impl StoreError {
    /// Nothing can have happened: the step never left this process. A connection was refused, or none was free in time.
    pub fn not_sent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::NotSent, source)
    }

    /// The step was sent and not answered, so it may have taken effect, or may still. When in doubt, it is this one.
    pub fn unknown(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Unknown, source)
    }

    /// The store cannot hold what the step was to write. Nothing happened, and trying again will not help.
    pub fn too_large(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::TooLarge, source)
    }

    /// The store holds something that it never wrote. Nothing happened, and trying again will not help.
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Corrupt, source)
    }

    fn new(kind: Kind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// Whether nothing can have happened, because the step was never sent.
    pub fn is_not_sent(&self) -> bool {
        self.kind == Kind::NotSent
    }

    /// Whether the step may have taken effect, or still may.
    pub fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Whether the store cannot hold what the step was to write.
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// Whether a record could not be understood.
    pub fn is_corrupt(&self) -> bool {
        self.kind == Kind::Corrupt
    }

    /// Whether trying again later may help: the step was [not sent](Self::is_not_sent), or its effect is
    /// [unknown](Self::is_unknown).
    pub fn is_unavailable(&self) -> bool {
        matches!(self.kind, Kind::NotSent | Kind::Unknown)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::NotSent => "the idempotency store could not be reached",
            Kind::Unknown => "the idempotency store did not answer",
            Kind::TooLarge => "the idempotency store cannot hold an outcome of this size",
            Kind::Corrupt => "the idempotency store holds a record that cannot be read",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
