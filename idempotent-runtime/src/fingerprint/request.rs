//! The fingerprint of an HTTP request.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::json::Canonical;
use super::{Fingerprint, hash_bytes};
use crate::digest::{Fields, Secret};
use crate::policy::FingerprintOf;

impl Fingerprint {
    /// The fingerprint of an HTTP request.
    pub(crate) fn of_request(
        secret: Option<&Secret>,
        line: &RequestLine<'_>,
        body: &Body<'_>,
        of: FingerprintOf,
    ) -> Self {
        let mut fields = Fields::new(secret, "idempotent/request/1");
        fields.push(line.method.as_bytes());
        fields.push(line.path.as_bytes());
        fields.push_optional(line.query.map(str::as_bytes));
        body.hash_into(&mut fields, of);
        Self(fields.finish())
    }
}

/// What of a request's head counts under every policy, byte for byte as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

/// A request body, as far as it is understood.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    Bytes(&'a [u8]),
    /// The parts of a multipart form, each with its head.
    Parts(&'a [Part]),
}

/// A part of a multipart form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: bytes::Bytes,
}

impl Body<'_> {
    /// Each form starts with its own name, so that no body of one form can stand for a body of another.
    fn hash_into(&self, fields: &mut Fields, of: FingerprintOf) {
        match (of, self) {
            (FingerprintOf::None, _) => fields.push(b"none"),
            (_, Self::Parts(parts)) => hash_parts(parts, fields),
            (FingerprintOf::Body, Self::Bytes(bytes)) => hash_bytes(bytes, fields),
            (FingerprintOf::Json, Self::Bytes(bytes)) => match Canonical::parse(bytes) {
                Some(json) => json.hash_into(fields),
                None => hash_bytes(bytes, fields),
            },
            (FingerprintOf::Fields(pointers), Self::Bytes(bytes)) => {
                match Canonical::parse(bytes) {
                    Some(json) => {
                        if !json.hash_fields_into(pointers, fields) {
                            tell_of_no_fields(pointers);
                        }
                    }
                    None => hash_bytes(bytes, fields),
                }
            }
            (FingerprintOf::Except(pointers), Self::Bytes(bytes)) => {
                match Canonical::parse(bytes) {
                    Some(json) => json.without(pointers).hash_into(fields),
                    None => hash_bytes(bytes, fields),
                }
            }
        }
    }
}

/// Says in the log that all bodies without any of these fields count as one, which is hardly meant. Once for each endpoint,
/// by where its pointers are, and without the body.
fn tell_of_no_fields(pointers: &'static [&'static str]) {
    static TOLD: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert(pointers.as_ptr().addr()) {
        tracing::warn!(
            ?pointers,
            "a request's body has none of the fields that `fingerprint = fields(…)` names: all such requests count as the same one"
        );
    }
}

fn hash_parts(parts: &[Part], fields: &mut Fields) {
    fields.push(b"parts");
    fields.push(&(parts.len() as u64).to_be_bytes());
    for part in parts {
        for head in [&part.name, &part.file_name, &part.content_type] {
            fields.push_optional(head.as_ref().map(String::as_bytes));
        }
        fields.push(&part.content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str, query: Option<&str>, body: &Body<'_>) -> Fingerprint {
        Fingerprint::of_request(
            None,
            &RequestLine {
                method,
                path,
                query,
            },
            body,
            FingerprintOf::Body,
        )
    }

    #[test]
    fn every_part_of_the_request_counts() {
        let [x, y, empty] = [b"x".as_slice(), b"y", b""].map(Body::Bytes);
        let base = of("POST", "/a", None, &x);
        assert_eq!(base, of("POST", "/a", None, &x));
        for other in [
            of("PUT", "/a", None, &x),
            of("POST", "/b", None, &x),
            of("POST", "/a", Some(""), &x),
            of("POST", "/a", Some("q"), &x),
            of("POST", "/a", None, &y),
            of("POST", "/a", None, &empty),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn every_form_of_a_body_is_apart_from_the_others() {
        let line = RequestLine {
            method: "POST",
            path: "/",
            query: None,
        };
        let print = |body: &Body<'_>, of| Fingerprint::of_request(None, &line, body, of);
        let json = Body::Bytes(b"1");
        let prints = [
            print(&json, FingerprintOf::None),
            print(&json, FingerprintOf::Body),
            print(&json, FingerprintOf::Json),
            print(&json, FingerprintOf::Fields(&["/a"])),
            print(&Body::Parts(&[]), FingerprintOf::Body),
        ];
        for (index, one) in prints.iter().enumerate() {
            assert!(!prints[..index].contains(one), "{index}");
        }
    }

    #[test]
    fn what_is_not_json_counts_by_its_bytes_under_every_json_form() {
        let line = RequestLine {
            method: "POST",
            path: "/",
            query: None,
        };
        let print = |body: &[u8], of| Fingerprint::of_request(None, &line, &Body::Bytes(body), of);
        for of in [
            FingerprintOf::Json,
            FingerprintOf::Fields(&["/a"]),
            FingerprintOf::Except(&["/a"]),
        ] {
            assert_eq!(print(b"{", of), print(b"{", FingerprintOf::Body));
            assert_ne!(print(b"{ ", of), print(b"{", of));
        }
    }

    #[test]
    fn every_part_of_a_form_counts() {
        let part = Part {
            name: Some("n".to_owned()),
            file_name: Some("f".to_owned()),
            content_type: Some("t".to_owned()),
            content: "c".into(),
        };
        let print = |parts: &[Part]| of("POST", "/", None, &Body::Parts(parts));
        let other = Part {
            content: "d".into(),
            ..part.clone()
        };
        for changed in [
            Part {
                name: None,
                ..part.clone()
            },
            Part {
                file_name: None,
                ..part.clone()
            },
            Part {
                content_type: Some("u".to_owned()),
                ..part.clone()
            },
            other.clone(),
        ] {
            assert_ne!(print(&[changed]), print(std::slice::from_ref(&part)));
        }
        assert_ne!(
            print(&[part.clone(), other.clone()]),
            print(&[other, part.clone()])
        );
        assert_ne!(print(&[part.clone(), part.clone()]), print(&[part]));
    }
}
