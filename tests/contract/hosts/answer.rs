//! What the suite's handlers answer and what they see of a request, in no framework's types.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

/// A handler's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Bytes,
}

impl Answer {
    /// An answer of this status and text.
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        let text = Self::bytes(status, body.into().into_bytes());
        text.header("content-type", "text/plain; charset=utf-8")
    }

    /// An answer of this status and these bytes, with no header.
    pub(crate) fn bytes(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// An answer of this status and this value as JSON.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        let answer = Self::bytes(status, serde_json::to_vec(value).unwrap());
        answer.header("content-type", "application/json")
    }

    /// Adds a header line.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer of status {}", self.status)
    }
}

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) uri: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Asked {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(other, _)| other == name)?;
        Some(value)
    }
}
