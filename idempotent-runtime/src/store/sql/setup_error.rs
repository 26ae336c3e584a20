//! Why a store on a server could not be set up.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::names::InvalidName;
use super::schema::NewerSchema;

/// What could not be done, and why. It holds no password.
#[derive(Debug)]
pub(in crate::store) struct SetupError {
    what: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SetupError {
    pub(in crate::store) fn new(
        what: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            what: what.into(),
            source: Some(source.into()),
        }
    }

    /// It has no source: a parser's error may quote what it read.
    pub(in crate::store) fn url(what: &'static str) -> Self {
        Self {
            what: what.into(),
            source: None,
        }
    }

    pub(in crate::store) fn name(error: InvalidName) -> Self {
        Self::new(
            "the idempotency store can't use a table of this name",
            error,
        )
    }

    pub(in crate::store) fn connect(
        place: &str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(
            format!("the idempotency store at {place} could not be reached"),
            source,
        )
    }

    pub(in crate::store) fn migrate(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            "the idempotency store's tables could not be brought up to date",
            source,
        )
    }

    pub(in crate::store) fn is_newer_schema(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|it| it.is::<NewerSchema>())
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for SetupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The server accepted a connection and then said nothing.
#[derive(Debug, thiserror::Error)]
#[error("the server did not answer within {0:?}")]
pub(in crate::store) struct NoAnswer(pub(in crate::store) Duration);

/// Defines a store's public error around a [`SetupError`].
macro_rules! store_error {
    ($(#[doc = $doc:expr])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub struct $name(crate::store::sql::setup_error::SetupError);

        impl $name {
            /// Whether the tables were made by a later release, whose schema this one doesn't know.
            pub fn is_newer_schema(&self) -> bool {
                self.0.is_newer_schema()
            }
        }

        impl From<crate::store::sql::setup_error::SetupError> for $name {
            fn from(error: crate::store::sql::setup_error::SetupError) -> Self {
                Self(error)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::error::Error for $name {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                self.0.source()
            }
        }
    };
}

pub(in crate::store) use store_error;
