//! What is known of an option before anybody writes it.

use proc_macro2::TokenStream;
use syn::Ident;

/// An option's name, an example, and its row in the documentation.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// Shown to someone who forgot the value.
    pub(crate) example: &'static str,
    /// For an option that this version doesn't support: what to write instead.
    pub(crate) not_yet: Option<&'static str>,
    /// Its rows in the tables of options, one for each group of doors where it means the same.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the test that writes the tables")
    )]
    pub(crate) rows: &'static [Row],
}

/// An option's row in a table of options, as Markdown.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "read by the test that writes the tables")
)]
#[derive(Debug)]
pub(crate) struct Row {
    /// The doors whose table has this row.
    pub(crate) doors: &'static [Door],
    /// The question that the option answers.
    pub(crate) about: &'static str,
    pub(crate) values: &'static str,
    pub(crate) default: &'static str,
}

/// A place where the attribute protects functions. Each has an attribute, and a table of options, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Axum,
}

impl Door {
    /// All doors.
    pub(crate) const EVERY: &[Self] = &[Self::Axum];
    /// The doors through which HTTP requests come.
    pub(crate) const WEB: &[Self] = &[Self::Axum];
}

/// An option as it was written.
#[derive(Debug)]
pub(crate) struct Given<T> {
    pub(crate) keyword: Ident,
    pub(crate) value: T,
}

/// A call on the `const` policy, such as `.ttl(…)`. The arguments name the runtime as `__idempotent`.
#[derive(Debug)]
pub(crate) struct Setter {
    pub(crate) method: &'static str,
    pub(crate) argument: TokenStream,
}
