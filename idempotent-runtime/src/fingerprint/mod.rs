//! What a request was, so that another request under the same key is noticed.

mod json;
#[cfg(feature = "web")]
mod multipart;
#[cfg(feature = "web")]
mod request;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::json::Canonical;
#[cfg(feature = "web")]
pub(crate) use self::multipart::{Malformed, parts_of};
#[cfg(feature = "web")]
pub(crate) use self::request::{Body, Part, RequestLine};
use crate::digest::{Fields, Secret};

/// SHA-256 of a request: its method, concrete path and query, byte for byte as sent, and of its body what the policy
/// says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(#[serde(with = "crate::hex")] [u8; 32]);

impl Fingerprint {
    /// The fingerprint that these bytes hold, as a store reads it back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, as a store writes them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of a task's arguments, each written as JSON. They are compared by value, as under
    /// [`FingerprintOf::Json`]: a map has no order.
    pub(crate) fn of_arguments(secret: Option<&Secret>, arguments: &[Vec<u8>]) -> Self {
        let mut fields = Fields::new(secret, "idempotent/arguments/1");
        fields.push(&(arguments.len() as u64).to_be_bytes());
        for argument in arguments {
            match Canonical::parse(argument) {
                Some(json) => json.hash_into(&mut fields),
                None => hash_bytes(argument, &mut fields),
            }
        }
        Self(fields.finish())
    }

    /// The fingerprint of the record that a secret is checked against.
    pub(crate) fn of_secret(secret: Option<&Secret>) -> Self {
        Self(Fields::new(secret, "idempotent/secret/1").finish())
    }
}

fn hash_bytes(bytes: &[u8], fields: &mut Fields) {
    fields.push(b"bytes");
    fields.push(bytes);
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a secret it could be used to test guesses of the body.
        f.write_str("Fingerprint(..)")
    }
}
