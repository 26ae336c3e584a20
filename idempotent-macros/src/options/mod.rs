//! The options of the attribute, one file each: its name, its row in the documentation, what its value may be, and the code
//! that it becomes. To add an option, write its file and name it below, as a module and in the registry.

mod abandoned;
mod deadline;
pub(crate) mod fingerprint;
pub(crate) mod key;
pub(crate) mod key_format;
pub(crate) mod lease;
mod mismatch;
mod missing;
pub(crate) mod on_replay;
mod operation;
pub(crate) mod pending;
pub(crate) mod policy;
mod release;
pub(crate) mod response;
pub(crate) mod runtime;
pub(crate) mod scope;
pub(crate) mod store;
#[cfg(test)]
mod tables;
mod transaction;
mod ttl;

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Expr, Ident};

use crate::errors::Errors;
use crate::grammar::parse::{Sink, parse, set_once};
use crate::grammar::spec::{Door, Given, Setter, Spec};
use crate::grammar::value::Value;

/// Makes the list of options and everything that goes through it. Each option is a module with a constant `OPTION`. An option that sets
/// something of the policy names the function that judges its value and makes the setter's argument.
macro_rules! registry {
    ($($option:ident: $written:ty $(=> $argument:path)?,)*) => {
        /// Every option, in the order of the documentation.
        const REGISTRY: &[&Spec] = &[$(&$option::OPTION),*];

        /// The options as they were written, each at most once.
        #[derive(Debug)]
        pub(crate) struct Options {
            pub(crate) door: Door,
            $(pub(crate) $option: Option<Given<$written>>,)*
            /// Somebody began to write a scope, even if it could not be understood.
            pub(crate) scope_attempted: bool,
        }

        impl Options {
            fn none(door: Door) -> Self {
                Self {
                    door,
                    $($option: None,)*
                    scope_attempted: false,
                }
            }

            /// Reports options that this version doesn't support.
            pub(crate) fn not_available(&self, errors: &mut Errors) {
                $(if let (Some(given), Some(instead)) = (&self.$option, $option::OPTION.not_yet) {
                    errors.not_yet(&given.keyword, $option::OPTION.name, instead);
                })*
            }

            /// What the options set of the policy. A mistake is reported and sets nothing.
            pub(crate) fn setters(&self, errors: &mut Errors) -> Vec<Setter> {
                let mut setters = Vec::new();
                $($(if let Some(given) = self.$option.as_ref().filter(|_| self.is_of_the_policy($option::OPTION.name)) {
                    let method = $option::OPTION.name;
                    let argument = $argument(given, errors);
                    setters.extend(argument.map(|argument| Setter { method, argument }));
                })?)*
                setters
            }
        }

        impl Sink for Options {
            const KNOWN: &'static [&'static Spec] = REGISTRY;
            const ONLY_IN_A_POLICY: &'static [&'static str] = policy::ITS_OWN;

            fn door(&self) -> Door {
                self.door
            }

            fn set(
                &mut self,
                spec: &Spec,
                keyword: Ident,
                input: ParseStream,
                errors: &mut Errors,
            ) -> syn::Result<()> {
                match spec.name {
                    $(name if name == $option::OPTION.name => {
                        set_once(&mut self.$option, keyword, input, errors)
                    })*
                    _ => Err(input.error("not an option")),
                }
            }

            fn attempted(&mut self, name: &str) {
                self.scope_attempted |= name == scope::OPTION.name;
            }
        }
    };
}

registry! {
    key: Value,
    scope: Expr,
    ttl: Value => ttl::tokens,
    key_format: Value,
    operation: Value => operation::tokens,
    fingerprint: Value => fingerprint::tokens,
    missing: Value => missing::tokens,
    mismatch: Value => mismatch::tokens,
    pending: Value => pending::tokens,
    release: Value => release::tokens,
    abandoned: Value => abandoned::tokens,
    lease: Value => lease::tokens,
    deadline: Value => deadline::tokens,
    on_replay: Expr,
    response: Value,
    transaction: Expr,
    policy: Expr,
    store: Expr,
    runtime: Expr,
}

impl Options {
    /// Whether an option sets something of the policy. Which arguments of a task count isn't there.
    fn is_of_the_policy(&self, name: &str) -> bool {
        self.door != Door::Task || name != fingerprint::OPTION.name
    }

    /// Reads all options, going on after a mistake with the next one.
    pub(crate) fn parse(door: Door, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::none(door);
        parse(tokens, &mut options, errors);
        options
    }
}
