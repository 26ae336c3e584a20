//! JSON pointers (RFC 6901): how a place in a document is named.

use std::borrow::Cow;

/// The segments of a pointer, unescaped. A text that does not start with a slash names a top-level member.
pub(crate) fn segments(pointer: &str) -> Vec<Cow<'_, str>> {
    match pointer.strip_prefix('/') {
        None => vec![Cow::Borrowed(pointer)],
        Some(segments) => segments.split('/').map(unescape).collect(),
    }
}

/// What a segment stands for. RFC 6901, section 4: first `~1`, then `~0`.
pub(crate) fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(segment)
    }
}

/// The element of an array that a segment names. RFC 6901, section 4: digits without leading zeros.
pub(crate) fn index(segment: &str) -> Option<usize> {
    let canonical = segment == "0" || !segment.starts_with('0');
    let digits = segment.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits {
        segment.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_unescaped_in_the_order_of_the_rfc() {
        assert_eq!(segments("/a~1b/m~0n/~01"), ["a/b", "m~n", "~1"]);
        assert_eq!(segments("/"), [""]);
        assert_eq!(segments("a/b"), ["a/b"]);
    }

    #[test]
    fn an_index_is_digits_without_leading_zeros() {
        assert_eq!((index("0"), index("10")), (Some(0), Some(10)));
        for segment in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            "-",
            "1e1",
            " 1",
            "99999999999999999999",
        ] {
            assert_eq!(index(segment), None, "{segment}");
        }
    }
}
