//! What the options of the stores on servers have in common.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{ConnectOptions as _, Database};
use tokio::time::timeout;

use super::connections::Options;
use super::dialect::Dialect;
use super::names::Names;
use super::protocol::Protocol;
use super::setup_error::{NoAnswer, SetupError};
use crate::clock::Clock;

/// How long the server may take when a store is set up.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(5);

/// The table, unless it is given another name.
const TABLE: &str = "idempotency_records";

/// The names of a table that was given no other.
pub(in crate::store) fn default_names<D: Dialect>() -> Names {
    Names::new(TABLE, None, D::QUOTE).expect("the default name is valid")
}

/// The settings of every store on a server.
#[derive(Clone, Debug)]
pub(in crate::store) struct Settings {
    pub(in crate::store) table: String,
    pub(in crate::store) schema: Option<String>,
    pub(in crate::store) protocol: Protocol,
    pub(in crate::store) max_connections: u32,
    pub(in crate::store) clock: Option<Arc<dyn Clock>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table: TABLE.to_owned(),
            schema: None,
            protocol: Protocol::default(),
            max_connections: 16,
            clock: None,
        }
    }
}

impl Settings {
    /// The names, once they are checked.
    pub(in crate::store) fn names<D: Dialect>(&self) -> Result<Names, SetupError> {
        Names::new(&self.table, self.schema.as_deref(), D::QUOTE).map_err(SetupError::name)
    }
}

/// The setters of [`Settings`], for options that have them in a field `settings`. The documentation given is that of
/// `schema`, which means something else on each server.
macro_rules! settings_setters {
    ($(#[doc = $schema:expr])+) => {
        /// Sets the table's name: ASCII letters, digits and underscores, at most 48, not beginning with a digit.
        pub fn table(mut self, name: impl Into<String>) -> Self {
            self.settings.table = name.into();
            self
        }

        $(#[doc = $schema])+
        pub fn schema(mut self, name: impl Into<String>) -> Self {
            self.settings.schema = Some(name.into());
            self
        }

        /// Sets how statements are sent.
        pub fn protocol(mut self, protocol: Protocol) -> Self {
            self.settings.protocol = protocol;
            self
        }

        /// Sets the most connections that [`connect`](Self::connect) opens. The store holds no connection while a handler
        /// runs.
        ///
        /// A quarter of them, at least one and at most four, are left to the steps of attempts that run or ran. So a
        /// flood of claims never keeps a lease from being renewed or an outcome from being recorded.
        pub fn max_connections(mut self, connections: u32) -> Self {
            self.settings.max_connections = connections;
            self
        }

        /// Judges leases and expiry by this clock instead of the server's. For tests: processes that share a table would
        /// have to share the clock too.
        #[cfg(feature = "test-util")]
        pub fn clock(mut self, clock: std::sync::Arc<dyn crate::clock::Clock>) -> Self {
            self.settings.clock = Some(clock);
            self
        }
    };
}

pub(in crate::store) use settings_setters;

/// Reads the URL of a server.
pub(in crate::store) fn parse_url<D: Dialect>(url: &str) -> Result<Options<D>, SetupError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !scheme.is_some_and(|it| D::SCHEMES.contains(&it)) {
        return Err(SetupError::url(D::NOT_A_URL));
    }
    url.parse()
        .map_err(|_: sqlx::Error| SetupError::url(D::NOT_A_URL))
}

/// Opens a connection outside of any pool. A pool would try until its patience ends, and hide why it failed.
pub(in crate::store) async fn connect<D: Dialect>(
    options: &Options<D>,
    place: &str,
) -> Result<<D as Database>::Connection, SetupError> {
    match timeout(PATIENCE, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(SetupError::connect(place, D::cause(error))),
        Err(_) => Err(SetupError::connect(place, NoAnswer(PATIENCE))),
    }
}
