//! What a record belongs to, in clear text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The namespace and the operation of a record, as an operator reads them.
///
/// A record is found by a hash. The label says in clear text which endpoint the hash stands for, so that a listing, a
/// sweep or a recovery knows what a row belongs to. It holds neither keys nor scopes. Under `operation = path` it holds
/// the path of the request.
///
/// ```
/// use idempotent_runtime::store::Label;
///
/// let label = Label::new("billing", "POST /orders/{}");
/// assert_eq!(label.namespace(), "billing");
/// assert_eq!(label.operation(), "POST /orders/{}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    namespace: Arc<str>,
    operation: Arc<str>,
}

impl Label {
    /// The longest namespace or operation that a label holds, in bytes. A longer one is cut there, between two
    /// characters.
    pub const LONGEST: usize = 255;

    /// A label with this namespace and operation. A NUL becomes U+FFFD, since not every database can store one in a
    /// text.
    pub fn new(namespace: impl Into<Arc<str>>, operation: impl Into<Arc<str>>) -> Self {
        Self {
            namespace: storable(namespace.into()),
            operation: storable(operation.into()),
        }
    }

    /// The namespace of the [`Idempotency`](crate::Idempotency) that made the record.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The operation: method and route template without the parameters' names (`POST /orders/{}`), method and path, or
    /// the operation's own name.
    pub fn operation(&self) -> &str {
        &self.operation
    }
}

/// An empty label. Records that were made before there were labels have it.
impl Default for Label {
    fn default() -> Self {
        Self {
            namespace: Arc::from(""),
            operation: Arc::from(""),
        }
    }
}

/// Prints the operation, after the namespace if there is one.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}: ", self.namespace)?;
        }
        f.write_str(&self.operation)
    }
}

fn storable(text: Arc<str>) -> Arc<str> {
    if text.contains('\0') {
        return cut(text.replace('\0', "\u{fffd}").into());
    }
    cut(text)
}

fn cut(text: Arc<str>) -> Arc<str> {
    if text.len() <= Label::LONGEST {
        return text;
    }
    let end = (0..=Label::LONGEST)
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or_default();
    Arc::from(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let label = Label::new("", "é".repeat(200));
        assert_eq!(label.operation(), "é".repeat(127));
    }

    #[test]
    fn a_nul_is_replaced() {
        assert_eq!(Label::new("a\0b", "").namespace(), "a\u{fffd}b");
    }
}
