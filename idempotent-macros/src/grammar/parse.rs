//! The list of options: `name = value, …`. It goes on after a mistake with the next option.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Ident, Token};

use super::spec::{Door, Given, Spec};
use super::value;
use crate::errors::{Errors, all_of, nearest};

/// Where the options that were found go.
pub(crate) trait Sink {
    /// The options that exist.
    const KNOWN: &'static [&'static Spec];

    /// Whose options they are.
    fn door(&self) -> Door;

    /// Settings that a shared policy has and the attribute doesn't.
    const ONLY_IN_A_POLICY: &'static [&'static str];

    /// Parses the value of the option and keeps it.
    fn set(
        &mut self,
        spec: &Spec,
        keyword: Ident,
        input: ParseStream,
        errors: &mut Errors,
    ) -> syn::Result<()>;

    /// Notes that somebody began to write this option, even if it can't be understood.
    fn attempted(&mut self, name: &str);
}

/// Reads all options into `sink`.
pub(crate) fn parse(tokens: TokenStream, sink: &mut impl Sink, errors: &mut Errors) {
    let parsed = (|input: ParseStream| {
        let mut reader = Reader { sink, errors };
        while !input.is_empty() {
            reader.option(input);
            reader.comma(input);
        }
        Ok(())
    })
    .parse2(tokens);
    if let Err(error) = parsed {
        errors.push(error);
    }
}

/// Parses a value into its place, unless there is one already.
pub(crate) fn set_once<T: Parse>(
    option: &mut Option<Given<T>>,
    keyword: Ident,
    input: ParseStream,
    errors: &mut Errors,
) -> syn::Result<()> {
    let value = input.parse()?;
    if option.is_some() {
        errors.at(
            &keyword,
            format_args!("`{keyword}` is given twice"),
            "keep one of them",
        );
    } else {
        *option = Some(Given { keyword, value });
    }
    Ok(())
}

struct Reader<'a, S> {
    sink: &'a mut S,
    errors: &'a mut Errors,
}

impl<S: Sink> Reader<'_, S> {
    fn option(&mut self, input: ParseStream) {
        if input.peek(Token![,]) {
            self.errors.at_span(
                input.span(),
                "there is nothing before this comma",
                "remove it",
            );
            return;
        }
        let Ok(keyword) = Ident::parse_any(input) else {
            let found = self.skip(input);
            self.errors.at(
                found,
                "expected an option",
                format_args!("the options are {}", all_of(&names::<S>(self.sink.door()))),
            );
            return;
        };
        let name = keyword.to_string();
        let Some(spec) = S::KNOWN.iter().find(|spec| spec.name == name) else {
            self.unknown(&keyword, &name, input);
            return;
        };
        let door = self.sink.door();
        if spec.not_yet.is_none() && !spec.is_of(door) {
            self.skip(input);
            self.errors.at(
                &keyword,
                format_args!("`{name}` is not an option of {}", door.function()),
                format_args!("remove it; the options are {}", all_of(&names::<S>(door))),
            );
            return;
        }
        self.sink.attempted(spec.name);
        if self.equals_sign(spec, &keyword, input) {
            self.value(spec, keyword, input);
        }
    }

    /// Whether a value can follow.
    fn equals_sign(&mut self, spec: &Spec, keyword: &Ident, input: ParseStream) -> bool {
        let name = spec.name;
        if input.peek(Token![:]) && !input.peek(Token![::]) {
            let colon = input.parse::<Token![:]>();
            self.errors.at(
                colon.ok(),
                "an option and its value are joined by `=`",
                format_args!("write `{name} = …`"),
            );
        } else if input.parse::<Token![=]>().is_err() {
            let found = self.skip(input);
            let help = match value::meant(name, &found) {
                Some(meant) => format!("write `{name} = {meant}`"),
                None => format!("write for example `{}`", spec.example),
            };
            self.errors.at(
                quote::quote!(#keyword #found),
                format_args!("`{name}` is written with `=` and a value"),
                help,
            );
            return false;
        }
        true
    }

    fn value(&mut self, spec: &Spec, keyword: Ident, input: ParseStream) {
        let Spec { name, example, .. } = spec;
        if input.is_empty() || input.peek(Token![,]) {
            self.errors.at(
                &keyword,
                format_args!("`{name}` has no value"),
                format_args!("write for example `{example}`"),
            );
            return;
        }
        let whole = input.fork();
        if let Err(error) = self.sink.set(spec, keyword, input, self.errors) {
            self.skip(input);
            let value = self.skip(&whole);
            self.errors.at(
                value,
                format_args!("the value of `{name}` is cut short or malformed: {error}"),
                format_args!("write for example `{example}`"),
            );
        }
    }

    fn unknown(&mut self, keyword: &Ident, name: &str, input: ParseStream) {
        let meant = nearest(name, names::<S>(self.sink.door()));
        if let Some(meant) = meant {
            self.sink.attempted(meant);
        }
        self.skip(input);
        let help = match meant {
            _ if S::ONLY_IN_A_POLICY.contains(&name) => {
                format!(
                    "set it on a `const` `Policy`, by `.{name}(…)`, and name that: `policy = PAYMENTS`"
                )
            }
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the options are {}", all_of(&names::<S>(self.sink.door()))),
        };
        self.errors
            .at(keyword, format_args!("there is no option `{name}`"), help);
    }

    fn comma(&mut self, input: ParseStream) {
        if input.is_empty() || input.parse::<Token![,]>().is_ok() {
            return;
        }
        if let Ok(semicolon) = input.parse::<Token![;]>() {
            self.errors
                .at(semicolon, "options are separated by commas", "write `,`");
            return;
        }
        if value::begins_an_option(input) {
            let name = name_ahead(input);
            self.errors.at_span(
                input.span(),
                format_args!("a comma is missing before `{name}`"),
                format_args!("write `, {name} = …`"),
            );
        } else {
            let found = self.skip(input);
            self.errors.at(
                found,
                "expected a comma or the end of the options",
                "write a comma after each value, and nothing else between options",
            );
            let _ = input.parse::<Token![,]>();
        }
    }

    /// Goes to the comma before the next option, or to the end.
    fn skip(&mut self, input: ParseStream) -> TokenStream {
        let mut skipped = TokenStream::new();
        while !input.is_empty() && !at_the_next_option(input) {
            if value::begins_an_option(input) {
                self.sink.attempted(&name_ahead(input));
            }
            let Ok(tree) = input.parse::<TokenTree>() else {
                break;
            };
            tree.to_tokens(&mut skipped);
        }
        skipped
    }
}

fn at_the_next_option(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.parse::<Token![,]>().is_ok() && (ahead.is_empty() || value::begins_an_option(&ahead))
}

fn name_ahead(input: ParseStream) -> String {
    let name = input.fork().call(Ident::parse_any);
    name.map_or_else(|_| String::new(), |name| name.to_string())
}

/// The options to choose from.
fn names<S: Sink>(door: Door) -> Vec<&'static str> {
    let available = S::KNOWN.iter().filter(|spec| spec.is_of(door));
    available.map(|spec| spec.name).collect()
}
