//! What all endpoints of a handle share.

#[cfg(feature = "web")]
use std::any::Any;
#[cfg(feature = "web")]
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::disabled::Told;
use super::secrets::Secrets;
use crate::clock::{Clock, SystemClock};

/// The marker on every answer that comes from a record.
const REPLAYED: &str = "idempotency-replayed";

/// How many attempts run at once, where nothing else was said.
const MAX_IN_FLIGHT: usize = 4_096;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) namespace: Arc<str>,
    pub(crate) secrets: Secrets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sweep_interval: Option<Duration>,
    pub(crate) max_in_flight: Option<usize>,
    /// Whether every call runs unprotected, and whether the log was told so.
    pub(crate) disabled: Option<Told>,
    pub(crate) http: HttpSettings,
}

/// What the web doors share.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    /// In lower case.
    pub(crate) replayed_header: Option<String>,
    /// In lower case.
    pub(crate) dropped_headers: Vec<String>,
    /// Where the application tells its clients about its keys.
    pub(crate) documentation: Option<String>,
    /// The application's envelopes for refusals, one for each door that has one.
    #[cfg(feature = "web")]
    pub(crate) envelopes: Envelopes,
}

/// Envelopes by their types, since each is written in a framework's own types.
#[cfg(feature = "web")]
#[derive(Clone, Default)]
pub(crate) struct Envelopes(Vec<Arc<dyn Any + Send + Sync>>);

#[cfg(feature = "web")]
impl Envelopes {
    /// Installs an envelope in place of another of its type.
    pub(crate) fn set<E: Any + Send + Sync>(&mut self, envelope: E) {
        self.0.retain(|it| !it.is::<E>());
        self.0.push(Arc::new(envelope));
    }

    pub(crate) fn get<E: Any + Send + Sync>(&self) -> Option<&E> {
        self.0.iter().find_map(|it| it.downcast_ref())
    }
}

#[cfg(feature = "web")]
impl fmt::Debug for Envelopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Envelopes").field(&self.0.len()).finish()
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            replayed_header: Some(REPLAYED.to_owned()),
            dropped_headers: Vec::new(),
            documentation: None,
            #[cfg(feature = "web")]
            envelopes: Envelopes::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: Arc::from(""),
            secrets: Secrets::default(),
            clock: Arc::new(SystemClock),
            sweep_interval: Some(Duration::from_mins(1)),
            max_in_flight: Some(MAX_IN_FLIGHT),
            disabled: None,
            http: HttpSettings::default(),
        }
    }
}
