//! A document by what stands at JSON pointers (RFC 6901).

use serde_json::Value;

use super::{Canonical, hash_value};
use crate::digest::Fields;
use crate::json_pointer::{index, unescape};

impl Canonical {
    /// Hashes what stands at these pointers, and says whether anything does. What is absent differs from null.
    pub(in crate::fingerprint) fn hash_fields_into(
        &self,
        pointers: &[&str],
        fields: &mut Fields,
    ) -> bool {
        let mut any = false;
        fields.push(b"fields");
        for pointer in pointers {
            fields.push(pointer.as_bytes());
            match self.0.pointer(pointer) {
                None => fields.push(b"absent"),
                Some(value) => {
                    any = true;
                    fields.push(b"present");
                    hash_value(value, fields);
                }
            }
        }
        any
    }

    /// The document without what stands at these pointers. An element of an array leaves its place behind, so that the
    /// others keep theirs.
    pub(in crate::fingerprint) fn without(mut self, pointers: &[&str]) -> Self {
        for pointer in pointers {
            let Some((parent, last)) = pointer.rsplit_once('/') else {
                if pointer.is_empty() {
                    // It stands for the whole document.
                    return Self(Value::Null);
                }
                continue;
            };
            match self.0.pointer_mut(parent) {
                Some(Value::Object(members)) => {
                    members.remove(&*unescape(last));
                }
                Some(Value::Array(elements)) => {
                    if let Some(element) = index(last).and_then(|index| elements.get_mut(index)) {
                        *element = Value::Null;
                    }
                }
                _ => {}
            }
        }
        self
    }
}
