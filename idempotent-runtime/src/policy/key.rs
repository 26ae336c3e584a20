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
    /// In several of these places: the first that is present counts, and two that differ are invalid.
    FirstOf(&'static [KeySource]),
}

impl KeySource {
    /// The places to look at, in their order.
    pub(crate) const fn places(&self) -> &[Self] {
        match self {
            Self::FirstOf(places) => places,
            place => std::slice::from_ref(place),
        }
    }

    /// Whether every place has a name that can be looked for.
    #[track_caller]
    pub(super) const fn assert_valid(self) {
        assert!(
            self.is_flat(),
            "a list of keys names one place or more, and no other list"
        );
        match self {
            Self::FirstOf(places) => {
                let mut index = 0;
                while index < places.len() {
                    places[index].assert_valid();
                    index += 1;
                }
            }
            Self::Header(name) => assert!(
                is_token(name),
                "a header's name is a token (RFC 9110, section 5.6.2)"
            ),
            Self::Body(name) if name.len() > 1 && name.as_bytes()[0] == b'/' => {
                assert!(
                    is_pointer(name),
                    "in a JSON pointer `~` is written `~0` and `/` in a name `~1` (RFC 6901)"
                );
            }
            Self::Body(name) | Self::Query(name) | Self::Path(name) => {
                assert!(
                    !name.is_empty(),
                    "the name of the place where the key is cannot be empty"
                );
            }
            Self::Arguments => {}
        }
    }

    pub(super) const fn is_in_headers(self) -> bool {
        match self {
            Self::Header(_) => true,
            Self::FirstOf(places) => {
                let mut index = 0;
                while index < places.len() {
                    if !matches!(places[index], Self::Header(_)) {
                        return false;
                    }
                    index += 1;
                }
                true
            }
            _ => false,
        }
    }

    /// Whether there is a place, and no list among the places of a list.
    const fn is_flat(self) -> bool {
        let Self::FirstOf(places) = self else {
            return true;
        };
        let mut index = 0;
        while index < places.len() {
            if matches!(places[index], Self::FirstOf(_)) {
                return false;
            }
            index += 1;
        }
        !places.is_empty()
    }
}

/// What a key looks like. Lengths count decoded characters.
///
/// A key that starts with a quote must be a structured-field string (RFC 9651, section 3.3.3), whose parameters are
/// ignored; any other is taken as it stands and must be visible ASCII. So `"k"` and `k` are one key. In a header a key
/// taken as it stands has no comma, quote or space, so that two joined header lines are noticed. Only
/// [`Ascii`](Self::Ascii) reads nothing into a key that does not come in a header.
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
    /// ASCII text of so many characters. Outside headers it is any ASCII text, taken as it stands.
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

/// RFC 9110, section 5.6.2.
pub(crate) const fn is_token(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let punctuation = matches!(
            bytes[index],
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
        if !bytes[index].is_ascii_alphanumeric() && !punctuation {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}

/// RFC 6901, section 3, but for the empty pointer.
pub(super) const fn is_pointer(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes[0] != b'/' {
        return false;
    }
    let mut index = 0;
    while index < bytes.len() {
        let escaped = index + 1 < bytes.len() && matches!(bytes[index + 1], b'0' | b'1');
        if bytes[index] == b'~' && !escaped {
            return false;
        }
        index += 1;
    }
    true
}

impl KeyFormat {
    #[track_caller]
    pub(super) const fn assert_valid(self) {
        if let Self::Any { min, max } | Self::Ascii { min, max } = self {
            assert_range(min, max);
        }
    }

    /// Text of `min` to `max` characters.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if `min` is zero or more than `max`.
    #[track_caller]
    pub const fn any(min: u16, max: u16) -> Self {
        assert_range(min, max);
        Self::Any { min, max }
    }

    /// ASCII text of `min` to `max` characters.
    ///
    /// # Panics
    ///
    /// At compile time in a constant: if `min` is zero or more than `max`.
    #[track_caller]
    pub const fn ascii(min: u16, max: u16) -> Self {
        assert_range(min, max);
        Self::Ascii { min, max }
    }
}

#[track_caller]
const fn assert_range(min: u16, max: u16) {
    assert!(min > 0, "an empty key is never valid");
    assert!(min <= max, "the shortest key is longer than the longest");
}
