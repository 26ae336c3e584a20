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
    pub(crate) rows: &'static [Row],
}

impl Spec {
    /// Whether functions of this door can have it.
    pub(crate) fn is_of(&self, door: Door) -> bool {
        self.rows.iter().any(|row| row.doors.contains(&door))
    }
}

/// An option's row in a table of options, as Markdown.
#[derive(Debug)]
pub(crate) struct Row {
    /// The doors whose table has this row.
    pub(crate) doors: &'static [Door],
    /// The question that the option answers.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the test that writes the tables")
    )]
    pub(crate) about: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the test that writes the tables")
    )]
    pub(crate) values: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the test that writes the tables")
    )]
    pub(crate) default: &'static str,
}

/// A place where the attribute protects functions. Each has an attribute, and a table of options, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Axum,
    Actix,
    /// Any async function.
    Task,
}

impl Door {
    /// All doors.
    pub(crate) const EVERY: &[Self] = &[Self::Axum, Self::Actix, Self::Task];
    /// The doors through which HTTP requests come.
    pub(crate) const WEB: &[Self] = &[Self::Axum, Self::Actix];
    /// The door of functions that no request calls.
    pub(crate) const TASK: &[Self] = &[Self::Task];

    /// The runtime's module for it.
    pub(crate) fn module(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
            Self::Task => "task",
        }
    }

    /// What its functions are called.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Axum => "an axum handler",
            Self::Actix => "an actix-web handler",
            Self::Task => "a task",
        }
    }
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
