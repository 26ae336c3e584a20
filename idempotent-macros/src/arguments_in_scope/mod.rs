//! Expressions over arguments: which arguments they name, and how those are seen by reference.

mod names;
mod pattern;

use quote::ToTokens;
use syn::{Expr, Ident, Pat, Receiver};

use self::names::Names;
pub(crate) use self::pattern::names_bound;
use crate::errors::{Errors, all_of, nearest};
use crate::grammar::value::ungrouped;

/// An expression and what it needs to see.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) expression: Expr,
    pub(crate) bindings: Vec<Binding>,
    /// Whether it names an argument, or `self`.
    pub(crate) names_one: bool,
}

/// An argument that an expression names, seen by reference through a pattern of its own.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) argument: usize,
    pub(crate) pattern: Pat,
}

/// The names that the arguments of one function bind.
#[derive(Debug)]
pub(crate) struct ArgumentsInScope<'a> {
    function: &'a Ident,
    patterns: Vec<&'a Pat>,
    names: Vec<Ident>,
}

impl<'a> ArgumentsInScope<'a> {
    pub(crate) fn new(function: &'a Ident, patterns: impl IntoIterator<Item = &'a Pat>) -> Self {
        let patterns: Vec<_> = patterns.into_iter().collect();
        let names = patterns.iter().flat_map(|it| names_bound(it)).collect();
        Self {
            function,
            patterns,
            names,
        }
    }

    /// Makes `self` a name as well.
    pub(crate) fn with_receiver(mut self, receiver: Option<&Receiver>) -> Self {
        self.names
            .extend(receiver.map(|it| Ident::from(it.self_token)));
        self
    }

    pub(crate) fn binds(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// The argument that was probably meant.
    pub(crate) fn nearest(&self, written: &str) -> Option<String> {
        let known: Vec<String> = self.names.iter().map(Ident::to_string).collect();
        let meant = nearest(written, known.iter().map(String::as_str));
        meant.map(str::to_owned)
    }

    /// "the arguments of `create_task` are `app`, `org` and `task`", for the help of a message.
    pub(crate) fn listed(&self) -> String {
        let function = self.function;
        match self.names.as_slice() {
            [] => format!("`{function}` has no argument with a name"),
            [only] => format!("the argument of `{function}` is `{only}`"),
            names => {
                let list = all_of(names);
                format!("the arguments of `{function}` are {list}")
            }
        }
    }

    /// Judges an expression and finds what it needs. `None`: mistakes were reported.
    pub(crate) fn see(&self, expression: &Expr, errors: &mut Errors) -> Option<Seen> {
        let names = Names::of(expression, &self.names);
        for (token, what) in &names.leaving {
            let help = match *what {
                "`?`" | "`.await`" => {
                    "do what can fail or wait in an extractor, and name its argument"
                }
                "`=`" => {
                    "write an expression that is the value itself, and a comma before the next option"
                }
                _ => "write an expression that is the value itself",
            };
            let what = format_args!("{what} cannot be used in an option's expression");
            errors.at(token, what, help);
        }
        let mut unknown = Vec::new();
        for ident in &names.unknown {
            if !unknown.contains(&ident) {
                unknown.push(ident);
                self.unknown(ident, errors);
            }
        }
        if !names.leaving.is_empty() || !unknown.is_empty() {
            return None;
        }
        Some(Seen {
            expression: ungrouped(expression.clone()),
            names_one: !names.used.is_empty(),
            bindings: self.bindings(&names.used),
        })
    }

    /// What an async closure needs. It may fail, wait and return; unknown names are left to the compiler.
    pub(crate) fn named_in(&self, closure: &Expr) -> Vec<Binding> {
        self.bindings(&Names::of(closure, &self.names).used)
    }

    fn bindings(&self, used: &[Ident]) -> Vec<Binding> {
        let binding = |(argument, pattern): (usize, &&Pat)| {
            pattern::by_reference(pattern, used).map(|pattern| Binding { argument, pattern })
        };
        self.patterns
            .iter()
            .enumerate()
            .filter_map(binding)
            .collect()
    }

    fn unknown(&self, ident: &Ident, errors: &mut Errors) {
        let written = ident.to_string();
        let listed = self.listed();
        let help = match self.nearest(&written) {
            Some(meant) => format!("did you mean `{meant}`? {}", sentence(&listed)),
            None => listed,
        };
        errors.at(
            ident,
            format_args!("`{written}` is not an argument of `{}`", self.function),
            help,
        );
    }

    /// Reports that an option names no argument at all.
    pub(crate) fn names_none(
        &self,
        option: &str,
        value: impl ToTokens,
        otherwise: &str,
        errors: &mut Errors,
    ) {
        errors.at(
            value,
            format_args!("this `{option}` names no argument, so it is the same for every caller"),
            format_args!("{}{otherwise}", self.listed()),
        );
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
