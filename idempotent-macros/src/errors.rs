//! The mistakes in one use of a macro, collected so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

/// The mistakes found so far. Each says what is wrong and what to write instead.
#[derive(Debug, Default)]
#[must_use = "wrong code compiles if its mistakes are dropped"]
pub(crate) struct Errors {
    found: Option<syn::Error>,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A mistake under these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, what: impl Display, help: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message(what, help)));
    }

    /// A mistake under this span.
    pub(crate) fn at_span(&mut self, span: Span, what: impl Display, help: impl Display) {
        self.push(syn::Error::new(span, message(what, help)));
    }

    /// Something that this version doesn't support yet.
    pub(crate) fn not_yet(&mut self, tokens: impl ToTokens, what: &str, help: impl Display) {
        self.at(tokens, format_args!("`{what}` is not available yet"), help);
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    pub(crate) fn finish(self) -> syn::Result<()> {
        self.found.map_or(Ok(()), Err)
    }
}

fn message(what: impl Display, help: impl Display) -> String {
    format!("{what}\nhelp: {help}")
}

/// Lists words for a sentence: "`a`, `b` or `c`".
pub(crate) fn one_of<T: Display>(words: &[T]) -> String {
    listed(words, "or")
}

/// Lists words for a sentence: "`a`, `b` and `c`".
pub(crate) fn all_of<T: Display>(words: &[T]) -> String {
    listed(words, "and")
}

fn listed<T: Display>(words: &[T], joined_by: &str) -> String {
    let quoted = |words: &[T]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        words.join(", ")
    };
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("{} {joined_by} `{last}`", quoted(first)),
    }
}

/// The known word that `written` was probably meant to be.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (distance(&written, word), word))
        .map(|(distance, word)| {
            // A half-typed word isn't a different one.
            let begun = written.chars().count() > 1 && word.starts_with(&written);
            (if begun { 0 } else { distance }, word)
        })
        .filter(|(distance, word)| {
            // A third of the letters may be wrong, but more than one must be right.
            let longest = written.chars().count().max(word.chars().count());
            *distance == 0 || *distance <= longest.div_ceil(3) && distance + 1 < longest
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_previous = Vec::new();
    let mut previous: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, letter) in from.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = previous[column] + usize::from(letter != *other);
            let mut fewest = replaced
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            if column > 0 && last == Some(*other) && to[column - 1] == letter {
                fewest = fewest.min(before_previous[column - 1] + 1);
            }
            current.push(fewest);
        }
        last = Some(letter);
        before_previous = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(one_of(&["a"]), "`a`");
        assert_eq!(one_of(&["a", "b"]), "`a` or `b`");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(&["a", "b", "c"]), "`a`, `b` and `c`");
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let options = ["key", "scope", "ttl", "response", "release"];
        assert_eq!(nearest("scop", options), Some("scope"));
        assert_eq!(nearest("socpe", options), Some("scope"));
        assert_eq!(nearest("keys", options), Some("key"));
        assert_eq!(nearest("tll", options), Some("ttl"));
        assert_eq!(nearest("respones", options), Some("response"));
        assert_eq!(nearest("TTL", options), Some("ttl"));
        assert_eq!(nearest("rel", options), Some("release"));
        assert_eq!(nearest("res", options), Some("response"));
        assert_eq!(nearest("s", options), None);
        assert_eq!(nearest("tenant", options), None);
        assert_eq!(nearest("a", ["b"]), None);
        assert_eq!(nearest("id", ["db"]), None);
    }

    #[test]
    fn mistakes_are_told_together() {
        let mut errors = Errors::new();
        errors.at_span(Span::call_site(), "this", "that");
        errors.not_yet(quote::quote!(x), "x = y", "write `z`");
        let told: Vec<String> = errors
            .finish()
            .unwrap_err()
            .into_iter()
            .map(|error| error.to_string())
            .collect();
        assert_eq!(
            told,
            [
                "this\nhelp: that",
                "`x = y` is not available yet\nhelp: write `z`"
            ]
        );
        assert!(Errors::new().finish().is_ok());
    }
}
