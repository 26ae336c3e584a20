//! Where a key is and what it looks like.

/// Where the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// In the request header of this name.
    Header(&'static str),
    /// In the request body, JSON or form: a top-level field's name, or a JSON pointer (RFC 6901) where it starts with
    /// a slash.
    Body(&'static str),
    /// In the query parameter of this name.
    Query(&'static str),
    /// In the path parameter of this name.
    Path(&'static str),
    /// In the function's arguments. The attribute sets it where `key` is an expression.
    Arguments,
}

/// What a key looks like. Lengths count decoded characters.
///
/// In every format but [`Quoted`](Self::Quoted) a key that starts with a quote must be a structured-field string (RFC
/// 9651, section 3.3.3), whose parameters are ignored; any other is taken as it stands and must be visible ASCII. So
/// `"k"` and `k` are one key. In a header a key taken as it stands has no comma, quote or space, so that two joined
/// header lines are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFormat {
    /// Text of so many characters.
    Any {
        /// The fewest characters.
        min: u16,
        /// The most characters.
        max: u16,
    },
    /// ASCII text of so many characters.
    Ascii {
        /// The fewest characters.
        min: u16,
        /// The most characters.
        max: u16,
    },
    /// A UUID in its hyphenated form.
    Uuid,
    /// A structured-field string and nothing else, as the IETF draft asks; 1 to 255 characters.
    Quoted,
}

impl KeyFormat {
    /// Text of `min` to `max` characters.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if `min` is zero or more than `max`.
    pub const fn any(min: u16, max: u16) -> Self {
        assert_range(min, max);
        Self::Any { min, max }
    }

    /// ASCII text of `min` to `max` characters.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if `min` is zero or more than `max`.
    pub const fn ascii(min: u16, max: u16) -> Self {
        assert_range(min, max);
        Self::Ascii { min, max }
    }
}

const fn assert_range(min: u16, max: u16) {
    assert!(min > 0, "an empty key is never valid");
    assert!(min <= max, "the shortest key is longer than the longest");
}
