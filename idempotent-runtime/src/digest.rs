//! SHA-256, or HMAC-SHA-256 under a secret, over length-prefixed fields.
//!
//! Every field is preceded by its length as eight big-endian bytes, so no two different lists of fields hash alike:
//! ("ab", "c") and ("a", "bc") differ. The first field names what is being hashed, so that no digest made for one
//! purpose can stand for another.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

/// A secret that turns identities and fingerprints into HMACs.
///
/// With it, someone who can read the store but not the secret can neither test guesses of a key nor of a request body.
#[derive(Clone)]
pub(crate) struct Secret(Hmac<Sha256>);

impl Secret {
    pub(crate) fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of every length (RFC 2104, section 2).
        Self(Hmac::new_from_slice(secret).expect("HMAC accepts a key of any length"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The fields hashed so far.
#[derive(Clone)]
pub(crate) struct Fields(Algorithm);

#[derive(Clone)]
enum Algorithm {
    Plain(Sha256),
    Keyed(Hmac<Sha256>),
}

impl Fields {
    /// Starts a digest for one purpose.
    pub(crate) fn new(secret: Option<&Secret>, purpose: &str) -> Self {
        let algorithm = match secret {
            None => Algorithm::Plain(Sha256::new()),
            Some(Secret(keyed)) => Algorithm::Keyed(keyed.clone()),
        };
        let mut fields = Self(algorithm);
        fields.push(purpose.as_bytes());
        fields
    }

    /// Adds one field behind its length.
    pub(crate) fn push(&mut self, field: &[u8]) {
        self.update(&(field.len() as u64).to_be_bytes());
        self.update(field);
    }

    /// Adds a field that may be absent; an absent one differs from an empty one.
    pub(crate) fn push_optional(&mut self, field: Option<&[u8]>) {
        self.push(&[u8::from(field.is_some())]);
        self.push(field.unwrap_or_default());
    }

    /// The digest of what was pushed.
    pub(crate) fn finish(self) -> [u8; 32] {
        match self.0 {
            Algorithm::Plain(hash) => hash.finalize().into(),
            Algorithm::Keyed(mac) => mac.finalize().into_bytes().into(),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Algorithm::Plain(hash) => hash.update(bytes),
            Algorithm::Keyed(mac) => mac.update(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(secret: Option<&Secret>, purpose: &str, fields: &[&str]) -> [u8; 32] {
        let mut digest = Fields::new(secret, purpose);
        for field in fields {
            digest.push(field.as_bytes());
        }
        digest.finish()
    }

    #[test]
    fn the_boundary_between_fields_counts() {
        assert_ne!(
            digest(None, "p", &["ab", "c"]),
            digest(None, "p", &["a", "bc"])
        );
        assert_ne!(digest(None, "p", &["ab", ""]), digest(None, "p", &["ab"]));
    }

    #[test]
    fn purpose_and_secret_count() {
        let secret = Secret::new(b"s");
        assert_ne!(digest(None, "p", &["a"]), digest(None, "q", &["a"]));
        assert_ne!(
            digest(None, "p", &["a"]),
            digest(Some(&secret), "p", &["a"])
        );
        assert_ne!(
            digest(Some(&Secret::new(b"t")), "p", &["a"]),
            digest(Some(&secret), "p", &["a"])
        );
    }

    #[test]
    fn an_absent_field_differs_from_an_empty_one() {
        let of = |field: Option<&[u8]>| {
            let mut fields = Fields::new(None, "p");
            fields.push_optional(field);
            fields.finish()
        };
        assert_ne!(of(None), of(Some(b"")));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2")), "Secret(..)");
    }
}
