//! Who a record belongs to: record ids and attempt ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::{Fields, Secret};
use crate::hex;
use crate::scope::Scope;

/// Which kind of door a call came through. One key may be used behind each without meeting the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// An HTTP request, whichever framework serves it.
    Web,
    /// A function called by the application itself: a queue consumer, a job, a tool.
    Task,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Task => "task",
        }
    }
}

/// What a record is found by: a SHA-256 over namespace, origin, scope, operation and idempotency key, each
/// length-prefixed. The key itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(#[serde(with = "hex")] [u8; 32]);

impl RecordId {
    /// The id of the record for this key within this scope and operation.
    pub(crate) fn new(
        secret: Option<&Secret>,
        namespace: &str,
        origin: Origin,
        scope: &Scope,
        operation: &[&[u8]],
        key: &str,
    ) -> Self {
        let mut fields = Fields::new(secret, "idempotent/record/1");
        fields.push(namespace.as_bytes());
        fields.push(origin.name().as_bytes());
        scope.hash_into(&mut fields);
        fields.push(&(operation.len() as u64).to_be_bytes());
        for part in operation {
            fields.push(part);
        }
        fields.push(key.as_bytes());
        Self(fields.finish())
    }

    /// The id that these bytes name, as a store reads it back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, as a store writes them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads the form in which it is printed, as in the log: 64 hexadecimal digits.
impl FromStr for RecordId {
    type Err = InvalidRecordId;

    fn from_str(text: &str) -> Result<Self, InvalidRecordId> {
        let bytes = hex::parse(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(InvalidRecordId {})
    }
}

/// The text isn't a record id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record id is 64 hexadecimal digits")]
#[non_exhaustive]
pub struct InvalidRecordId {}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

/// 128 random bits that name one claim.
///
/// It is the fencing token: a store refuses to renew, publish, complete or release for an attempt that does not hold
/// the record, and answers "yours" to a repeated claim of the attempt that does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(#[serde(with = "hex")] [u8; 16]);

impl AttemptId {
    /// A new id from the operating system's random source.
    ///
    /// # Panics
    ///
    /// Where the operating system has no random bytes to give. An id that could be guessed or repeated would be no
    /// fence, so there is nothing to fall back to.
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system's random source failed");
        Self(bytes)
    }

    /// The id that these bytes name, as a store reads it back.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, as a store writes them.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptId(")?;
        hex::write(&self.0, f)?;
        f.write_str(")")
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(namespace: &str, scope: &[&str], operation: &[&str], key: &str) -> RecordId {
        let mut parts = Scope::global();
        for part in scope {
            parts.push(*part);
        }
        let operation: Vec<_> = operation.iter().map(|part| part.as_bytes()).collect();
        RecordId::new(None, namespace, Origin::Web, &parts, &operation, key)
    }

    #[test]
    fn every_part_counts() {
        let base = id("n", &["org"], &["POST", "/a"], "k");
        assert_eq!(base, id("n", &["org"], &["POST", "/a"], "k"));
        assert_ne!(base, id("m", &["org"], &["POST", "/a"], "k"));
        assert_ne!(base, id("n", &["other"], &["POST", "/a"], "k"));
        assert_ne!(base, id("n", &["org"], &["PUT", "/a"], "k"));
        assert_ne!(base, id("n", &["org"], &["POST", "/a"], "l"));
    }

    #[test]
    fn ab_c_and_a_bc_are_different_records() {
        assert_ne!(
            id("", &["ab", "c"], &["o"], "k"),
            id("", &["a", "bc"], &["o"], "k")
        );
        assert_ne!(id("", &["ab"], &["c"], "k"), id("", &["a"], &["bc"], "k"));
        assert_ne!(id("", &["o"], &["ab"], "c"), id("", &["o"], &["a"], "bc"));
    }

    #[test]
    fn a_part_cannot_move_from_the_scope_into_the_operation() {
        assert_ne!(
            id("", &["a", "b"], &["c"], "k"),
            id("", &["a"], &["b", "c"], "k")
        );
    }

    #[test]
    fn web_and_task_are_apart() {
        let of = |origin| RecordId::new(None, "", origin, &Scope::global(), &[b"o"], "k");
        assert_ne!(of(Origin::Web), of(Origin::Task));
    }

    #[test]
    fn a_record_id_is_read_as_it_is_printed() {
        let record = id("n", &["org"], &["POST", "/a"], "k");
        assert_eq!(record.to_string().parse(), Ok(record));
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &"+0".repeat(32)] {
            assert_eq!(text.parse::<RecordId>(), Err(InvalidRecordId {}), "{text}");
        }
    }

    #[test]
    fn attempt_ids_do_not_repeat() {
        assert_ne!(AttemptId::random(), AttemptId::random());
    }
}
