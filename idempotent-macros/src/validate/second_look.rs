//! What is legal and says two things that do not go together: the compiler warns of it, and takes it.
//!
//! There are few of these on purpose. A warning is for a policy that contradicts itself where money may be lost; what is
//! only unusual stands in the documentation. On stable Rust a macro can warn by one means, a deprecated item, so that
//! `#[allow(deprecated)]` on the handler says "I mean it".

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::settings::{Abandoned, Release, Settings};
use crate::options::Options;

/// A warning.
#[derive(Debug)]
pub(crate) struct SecondLook {
    /// What is called deprecated, as the compiler prints it.
    pub(crate) name: &'static str,
    /// Why, and what to write.
    pub(crate) note: &'static str,
    pub(crate) span: Span,
}

pub(super) fn second_looks(options: &Options, settings: &Settings) -> Vec<SecondLook> {
    let mut looks = Vec::new();
    if let (Some(Abandoned::Refuse), Some(Release::Failures), Some(release)) =
        (settings.abandoned, &settings.release, &options.release)
    {
        looks.push(SecondLook {
            name: "failures_released_under_refuse",
            note: "a failure of unknown effect, such as 500, gives the key back, and its retry runs the handler again, \
                   which `abandoned = refuse` forbids after a crash: write the statuses that mean \"nothing was done\", \
                   `release = [401, 408, 425, 429, 503]`, or `#[allow(deprecated)]` below the attribute if this is meant",
            span: release.value.span(),
        });
    }
    looks
}
