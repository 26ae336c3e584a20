//! A recorded outcome, for whoever decides what a retry gets.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::outcome::Outcome;

/// The recorded outcome that a retry would get.
#[derive(Clone, Debug)]
pub struct SavedOutcome(Outcome);

impl SavedOutcome {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self(outcome)
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status()
    }

    /// The first value of a kept header, whichever the case of its name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.0
            .headers()
            .iter()
            .find(|(kept, _)| kept.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Its body.
    pub fn body(&self) -> &Bytes {
        self.0.body()
    }

    /// Its body, read as JSON.
    ///
    /// # Errors
    ///
    /// If the body is not JSON, or not of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.0.body())
    }
}

/// What becomes of a recorded outcome.
#[derive(Debug)]
pub(crate) enum Decision<R> {
    /// The retry gets it.
    Replay,
    /// The retry gets this answer instead.
    Answer(R),
    /// The record is removed, and the handler runs anew.
    Forget,
}
