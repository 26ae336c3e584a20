//! What all endpoints of a handle share.

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
    /// In lower case.
    pub(crate) replayed_header: Option<String>,
    /// In lower case.
    pub(crate) dropped_headers: Vec<String>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sweep_interval: Option<Duration>,
    pub(crate) max_in_flight: Option<usize>,
    /// Whether every call runs unprotected, and whether the log was told so.
    pub(crate) disabled: Option<Told>,
    /// Where the application tells its clients about its keys.
    pub(crate) documentation: Option<Arc<str>>,
    #[cfg(feature = "axum")]
    pub(crate) axum_envelope: Option<crate::axum::Envelope>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: Arc::from(""),
            secrets: Secrets::default(),
            replayed_header: Some(REPLAYED.to_owned()),
            dropped_headers: Vec::new(),
            clock: Arc::new(SystemClock),
            sweep_interval: Some(Duration::from_mins(1)),
            max_in_flight: Some(MAX_IN_FLIGHT),
            disabled: None,
            documentation: None,
            #[cfg(feature = "axum")]
            axum_envelope: None,
        }
    }
}
