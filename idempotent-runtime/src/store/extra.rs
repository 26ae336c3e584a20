//! Room in a record for what later releases keep there.

use std::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::hex;

/// Tagged fields that a record has in addition to those that every release knows.
///
/// A later release may add one without changing the record's form. An earlier release leaves the fields that it doesn't
/// know as they are, so two releases can share a store while one replaces the other. The fields belong to a generation:
/// a claim that makes a record anew begins without any.
///
/// The block of bytes is what stores write. A field is a tag in two big-endian bytes, a length in four, and the
/// value.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Extra(#[serde(with = "hex")] Bytes);

impl Extra {
    /// Reads a block that [`as_bytes`](Self::as_bytes) returned.
    ///
    /// # Errors
    ///
    /// [`InvalidExtra`] if the bytes aren't such a block.
    pub fn from_bytes(block: impl Into<Bytes>) -> Result<Self, InvalidExtra> {
        let block = block.into();
        let mut rest: &[u8] = &block;
        while !rest.is_empty() {
            (_, rest) = split_field(rest).ok_or(InvalidExtra)?;
        }
        Ok(Self(block))
    }

    /// The block of bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The field with this tag.
    pub fn get(&self, tag: u16) -> Option<&[u8]> {
        self.fields()
            .find_map(|(found, value)| (found == tag).then_some(value))
    }

    /// The same fields, with this one set.
    ///
    /// # Panics
    ///
    /// If the value is longer than 4 GiB.
    #[must_use]
    pub fn with(&self, tag: u16, value: &[u8]) -> Self {
        let mut block = BytesMut::with_capacity(self.0.len() + value.len() + 6);
        let others = self.fields().filter(|(found, _)| *found != tag);
        for (tag, value) in others.chain([(tag, value)]) {
            block.put_u16(tag);
            block.put_u32(u32::try_from(value.len()).expect("a field of a record is below 4 GiB"));
            block.put_slice(value);
        }
        Self(block.freeze())
    }

    fn fields(&self) -> impl Iterator<Item = (u16, &[u8])> {
        let mut rest: &[u8] = &self.0;
        std::iter::from_fn(move || {
            // A block is checked when it is made, so that it ends where a field ends.
            let (field, after) = split_field(rest)?;
            rest = after;
            Some(field)
        })
    }
}

/// Refuses bytes that are not a block of fields.
impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let block: Vec<u8> = hex::deserialize(deserializer)?;
        Self::from_bytes(block).map_err(D::Error::custom)
    }
}

/// Values may be secret, so they aren't printed.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.fields().map(|(tag, _)| tag))
            .finish()
    }
}

/// A tag and its value.
type Field<'a> = (u16, &'a [u8]);

/// The first field of a block, and the rest of it.
fn split_field(bytes: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) =
        rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(((u16::from_be_bytes(*tag), value), rest))
}

/// Bytes that are not a block of a record's extra fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a block of a record's extra fields")]
pub struct InvalidExtra;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_set_read_and_replaced_among_others() {
        let extra = Extra::default()
            .with(7, b"seven")
            .with(1, b"")
            .with(7, b"VII");
        assert_eq!(extra.get(7), Some(&b"VII"[..]));
        assert_eq!(extra.get(1), Some(&b""[..]));
        assert_eq!(extra.get(2), None);
        assert_eq!(Extra::from_bytes(extra.as_bytes().clone()), Ok(extra));
    }

    #[test]
    fn a_cut_block_is_refused() {
        let block = Extra::default().with(7, b"seven").as_bytes().clone();
        for end in 1..block.len() {
            assert_eq!(Extra::from_bytes(block.slice(..end)), Err(InvalidExtra));
        }
    }

    #[test]
    fn a_value_is_not_printed() {
        let printed = format!("{:?}", Extra::default().with(7, b"hunter2"));
        assert_eq!(printed, "[7]");
    }
}
