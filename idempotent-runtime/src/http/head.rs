//! What is asked of a request's head.

use std::borrow::Cow;

/// A request's head, as a door tells it.
pub(crate) trait Head {
    /// The method, in upper case.
    fn method(&self) -> &str;

    /// The path as the client sent it, before any nested router took its prefix off.
    fn path(&self) -> &str;

    /// The query as the client sent it, without the question mark.
    fn query(&self) -> Option<&str>;

    /// The template of the route that was found, with the prefixes under which it is nested.
    fn template(&self) -> Option<&str>;

    /// The value of a header, whatever the case of its name.
    fn header(&self, name: &str) -> Line<'_>;

    /// What the route's parameter of this name matched, decoded.
    fn path_parameter(&self, name: &str) -> PathParameter<'_>;

    /// The `Content-Type`, where it came once and is text.
    fn content_type(&self) -> Option<&str> {
        match self.header("content-type") {
            Line::One(value) => std::str::from_utf8(value).ok(),
            Line::None | Line::Several => None,
        }
    }
}

/// What a head has by the name of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    None,
    One(&'a [u8]),
    /// More lines than one.
    Several,
}

/// What a route has by the name of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathParameter<'a> {
    Text(Cow<'a, str>),
    /// What stands in the path isn't UTF-8.
    NotText,
    /// The route has no such parameter.
    None,
}

/// Whether a method is safe by RFC 9110, section 9.2.1.
pub(crate) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_methods_are_safe() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
            assert!(is_safe(method), "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "QUERY", "get"] {
            assert!(!is_safe(method), "{method}");
        }
    }
}
