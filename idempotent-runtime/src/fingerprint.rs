//! What a request was, so that another request under the same key is noticed.

use std::fmt;

use crate::digest::{Fields, Secret};

/// SHA-256 of a request: its method, concrete path and query, byte for byte as sent, and of its body what the policy
/// says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint that these bytes hold, as a store reads it back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, as a store writes them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of an HTTP request; `body` is absent where the policy leaves it out.
    pub(crate) fn of_request(
        secret: Option<&Secret>,
        method: &str,
        path: &str,
        query: Option<&str>,
        body: Option<&[u8]>,
    ) -> Self {
        let mut fields = Fields::new(secret, "idempotent/request/1");
        fields.push(method.as_bytes());
        fields.push(path.as_bytes());
        fields.push_optional(query.map(str::as_bytes));
        fields.push_optional(body);
        Self(fields.finish())
    }

    /// The fingerprint of the record that a secret is checked against.
    pub(crate) fn of_secret(secret: Option<&Secret>) -> Self {
        Self(Fields::new(secret, "idempotent/secret/1").finish())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a secret it could be used to test guesses of the body.
        f.write_str("Fingerprint(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str, query: Option<&str>, body: Option<&[u8]>) -> Fingerprint {
        Fingerprint::of_request(None, method, path, query, body)
    }

    #[test]
    fn every_part_of_the_request_counts() {
        let base = of("POST", "/a", None, Some(b"x"));
        assert_eq!(base, of("POST", "/a", None, Some(b"x")));
        for other in [
            of("PUT", "/a", None, Some(b"x")),
            of("POST", "/b", None, Some(b"x")),
            of("POST", "/a", Some(""), Some(b"x")),
            of("POST", "/a", Some("q"), Some(b"x")),
            of("POST", "/a", None, Some(b"y")),
            of("POST", "/a", None, Some(b"")),
            of("POST", "/a", None, None),
        ] {
            assert_ne!(base, other);
        }
    }
}
