//! Lints: policies that are legal and contradict themselves. The compiler warns and accepts them.
//!
//! There are few of these on purpose. A warning is for a contradiction that may lose money; a policy that is only unusual is
//! explained in the documentation. On stable Rust a macro can warn in only one way, with a deprecated item, so
//! `#[allow(deprecated)]` on the handler says "I mean it".

use proc_macro2::Span;
use syn::spanned::Spanned;

use crate::options::Options;

/// A warning.
#[derive(Debug)]
pub(crate) struct Lint {
    /// The name of the deprecated item, which the compiler prints.
    pub(crate) name: &'static str,
    /// Why, and what to write.
    pub(crate) note: &'static str,
    pub(crate) span: Span,
}

/// The lints of options that are free of mistakes.
pub(super) fn lints(options: &Options) -> Vec<Lint> {
    let mut lints = Vec::new();
    if let (Some(abandoned), Some(release)) = (&options.abandoned, &options.release)
        && abandoned.value.is_word("refuse")
        && release.value.is_word("failures")
    {
        lints.push(Lint {
            name: "failures_released_under_refuse",
            note: "a failure of unknown effect, such as 500, gives the key back, and its retry runs the handler again, \
                   which `abandoned = refuse` forbids after a crash: write the statuses that mean \"nothing was done\", \
                   `release = [401, 408, 425, 429, 503]`, or `#[allow(deprecated)]` below the attribute if this is meant",
            span: release.value.span(),
        });
    }
    lints
}
