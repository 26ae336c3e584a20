//! Passwords that are easily leaked: each has what a URL must encode, so that tests notice either form.

use std::fmt::Write as _;

/// Neither quotes nor backslashes nor blanks, which the servers' own files would have to escape.
const AWKWARD: &str = "p@ss:/?#[%]&+=";

/// A new password.
pub(crate) fn generate() -> String {
    let random = getrandom::u64().expect("the operating system gives random bytes");
    format!("{AWKWARD}{random:016x}")
}

/// Encodes everything but unreserved characters, as in the user part of a URL.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes what is written to it");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_need_encoding() {
        let (one, other) = (generate(), generate());
        assert_ne!(one, other);
        assert_ne!(encode(&one), one);
        assert_eq!(
            encode("a-b_c.d~E5@:/%+é"),
            "a-b_c.d~E5%40%3A%2F%25%2B%C3%A9"
        );
    }
}
