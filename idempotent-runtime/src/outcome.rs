//! What a handler answered, as a record keeps it.

use std::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::hex;

/// What an outcome means for the work that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The work was done. Every retry gets this outcome.
    Completed,
    /// The work failed and trying again cannot help, or its effects are unknown. Every retry gets this outcome.
    FailedFinal,
    /// Nothing was done. The key is given back, unless the policy says `release = never`.
    FailedRetriable,
}

impl Disposition {
    /// The name by which stores write it: `completed`, `failed_final` or `failed_retriable`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::FailedFinal => "failed_final",
            Self::FailedRetriable => "failed_retriable",
        }
    }

    /// The disposition of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Completed, Self::FailedFinal, Self::FailedRetriable]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// Status, kept headers and body of an answer. Clones share the bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    status: u16,
    headers: Headers,
    #[serde(with = "hex")]
    body: Bytes,
}

impl Outcome {
    /// An outcome of these parts.
    pub fn new(status: u16, headers: Headers, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The kept headers, in their order.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// Bodies may carry what must not be logged.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// Header names and values in one block of bytes, which is also the form that stores write.
///
/// A name stands behind its length in two big-endian bytes, a value behind its length in four. Names may repeat; order
/// is kept.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Headers(#[serde(with = "hex")] Bytes);

impl Headers {
    /// Packs names and values.
    ///
    /// # Errors
    ///
    /// [`InvalidHeaders`] if a name is longer than 65,535 bytes or a value longer than 4 GiB.
    pub fn pack<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, InvalidHeaders> {
        let mut packing = Self::packing();
        for (name, value) in pairs {
            packing.push(name, value)?;
        }
        Ok(packing.finish())
    }

    pub(crate) fn packing() -> Packing {
        Packing(BytesMut::new())
    }

    /// Takes a block that [`as_bytes`](Self::as_bytes) gave.
    ///
    /// # Errors
    ///
    /// [`InvalidHeaders`] if the bytes are no such block.
    pub fn from_bytes(block: impl Into<Bytes>) -> Result<Self, InvalidHeaders> {
        let block = block.into();
        let mut rest: &[u8] = &block;
        while !rest.is_empty() {
            (_, rest) = split_pair(rest).ok_or(InvalidHeaders)?;
        }
        Ok(Self(block))
    }

    /// The packed form.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut rest: &[u8] = &self.0;
        std::iter::from_fn(move || {
            // A block is checked when it is made, so that it ends where a pair ends.
            let (pair, after) = split_pair(rest)?;
            rest = after;
            Some(pair)
        })
    }
}

/// Headers that are being packed, one by one.
pub(crate) struct Packing(BytesMut);

impl Packing {
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) -> Result<(), InvalidHeaders> {
        let Self(block) = self;
        let name_length = u16::try_from(name.len()).map_err(|_| InvalidHeaders)?;
        let value_length = u32::try_from(value.len()).map_err(|_| InvalidHeaders)?;
        block.put_u16(name_length);
        block.put_slice(name.as_bytes());
        block.put_u32(value_length);
        block.put_slice(value);
        Ok(())
    }

    pub(crate) fn finish(self) -> Headers {
        Headers(self.0.freeze())
    }
}

/// Refuses what is no block of packed headers.
impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let block: Vec<u8> = hex::deserialize(deserializer)?;
        Self::from_bytes(block).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A name and a value.
type Pair<'a> = (&'a str, &'a [u8]);

/// The first pair of a block, and the rest of it.
fn split_pair(bytes: &[u8]) -> Option<(Pair<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) =
        rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(((std::str::from_utf8(name).ok()?, value), rest))
}

/// Headers that cannot be packed, or bytes that hold no packed headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a block of packed headers")]
pub struct InvalidHeaders;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_packing_with_order_repetition_and_every_byte() {
        let every_byte: Vec<u8> = (0..=255).collect();
        let pairs: [(&str, &[u8]); 4] = [
            ("vary", b"a"),
            ("x", &every_byte),
            ("vary", b"b"),
            ("empty", b""),
        ];
        let packed = Headers::pack(pairs).unwrap();
        let read = Headers::from_bytes(packed.as_bytes().clone()).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), pairs);
    }

    #[test]
    fn a_cut_block_is_refused() {
        let packed = Headers::pack([("name", b"value".as_slice())]).unwrap();
        for end in 1..packed.as_bytes().len() {
            assert_eq!(
                Headers::from_bytes(packed.as_bytes().slice(..end)),
                Err(InvalidHeaders),
                "{end}"
            );
        }
    }

    #[test]
    fn a_body_and_a_header_value_are_not_printed() {
        let headers = Headers::pack([("x-secret", b"hunter2".as_slice())]).unwrap();
        let printed = format!("{:?}", Outcome::new(200, headers, "hunter3"));
        assert!(!printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn dispositions_are_read_back_by_name() {
        for disposition in [
            Disposition::Completed,
            Disposition::FailedFinal,
            Disposition::FailedRetriable,
        ] {
            assert_eq!(
                Disposition::from_name(disposition.as_str()),
                Some(disposition)
            );
        }
        assert_eq!(Disposition::from_name("pending"), None);
    }
}
