//! The grammar: which options there are and how they are written. What they may say is judged in
//! [`validate`](crate::validate).

mod value;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Ident, Token};

pub(crate) use self::value::{Arguments, List, Value, Word, ungrouped};
use crate::errors::{Errors, all_of, nearest};

/// An option as it was written.
#[derive(Debug)]
pub(crate) struct Given<T> {
    pub(crate) keyword: Ident,
    pub(crate) value: T,
}

/// Each option's name, and an example for whoever forgot the value.
const EXAMPLES: [(&str, &str); 19] = [
    ("key", "key = header(\"Idempotency-Key\")"),
    ("scope", "scope = org"),
    ("ttl", "ttl = \"24h\""),
    ("key_format", "key_format = any(1..=255)"),
    ("operation", "operation = route"),
    ("fingerprint", "fingerprint = body"),
    ("missing", "missing = reject"),
    ("mismatch", "mismatch = reject"),
    ("pending", "pending = reject"),
    ("release", "release = [429, 503]"),
    ("abandoned", "abandoned = rerun"),
    ("lease", "lease = \"30s\""),
    ("deadline", "deadline = \"15m\""),
    ("on_replay", "on_replay = |saved| async move { … }"),
    ("response", "response = typed"),
    ("transaction", "transaction = tx"),
    ("policy", "policy = PAYMENTS"),
    ("store", "store = app.idempotency"),
    ("crate", "crate = ::idempotent_runtime"),
];

/// The options as they were written, each at most once.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) key: Option<Given<Value>>,
    pub(crate) scope: Option<Given<Expr>>,
    pub(crate) ttl: Option<Given<Value>>,
    pub(crate) key_format: Option<Given<Value>>,
    pub(crate) operation: Option<Given<Value>>,
    pub(crate) fingerprint: Option<Given<Value>>,
    pub(crate) missing: Option<Given<Value>>,
    pub(crate) mismatch: Option<Given<Value>>,
    pub(crate) pending: Option<Given<Value>>,
    pub(crate) release: Option<Given<Value>>,
    pub(crate) abandoned: Option<Given<Value>>,
    pub(crate) lease: Option<Given<Value>>,
    pub(crate) deadline: Option<Given<Value>>,
    pub(crate) on_replay: Option<Given<Expr>>,
    pub(crate) response: Option<Given<Value>>,
    pub(crate) transaction: Option<Given<Expr>>,
    pub(crate) policy: Option<Given<Expr>>,
    pub(crate) store: Option<Given<Expr>>,
    pub(crate) runtime: Option<Given<Expr>>,
    /// Something was meant to be the scope, even if it could not be understood.
    pub(crate) scope_attempted: bool,
}

impl Options {
    /// Reads all options, going on after a mistake with the next one.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parsed = (|input: ParseStream| {
            while !input.is_empty() {
                options.parse_one(input, errors);
                options.parse_comma(input, errors);
            }
            Ok(())
        })
        .parse2(tokens);
        if let Err(error) = parsed {
            errors.push(error);
        }
        options
    }

    fn parse_one(&mut self, input: ParseStream, errors: &mut Errors) {
        if input.peek(Token![,]) {
            errors.at_span(
                input.span(),
                "nothing stands before this comma",
                "remove it",
            );
            return;
        }
        let Ok(keyword) = Ident::parse_any(input) else {
            let found = self.skip(input);
            errors.at(
                found,
                "expected an option",
                format_args!("the options are {}", all_of(&names())),
            );
            return;
        };
        let name = keyword.to_string();
        let Some((_, example)) = EXAMPLES.iter().find(|(known, _)| *known == name) else {
            self.unknown(&keyword, &name, input, errors);
            return;
        };
        self.scope_attempted |= name == "scope";
        if input.peek(Token![:]) && !input.peek(Token![::]) {
            let colon = input.parse::<Token![:]>();
            errors.at(
                colon.ok(),
                "an option and its value are joined by `=`",
                format_args!("write `{name} = …`"),
            );
        } else if input.parse::<Token![=]>().is_err() {
            let found = self.skip(input);
            let help = match value::meant(&name, &found) {
                Some(meant) => format!("write `{name} = {meant}`"),
                None => format!("write for example `{example}`"),
            };
            errors.at(
                quote::quote!(#keyword #found),
                format_args!("`{name}` is written with `=` and a value"),
                help,
            );
            return;
        }
        if input.is_empty() || input.peek(Token![,]) {
            errors.at(
                &keyword,
                format_args!("`{name}` has no value"),
                format_args!("write for example `{example}`"),
            );
        } else {
            self.parse_value(keyword, &name, example, input, errors);
        }
    }

    fn parse_value(
        &mut self,
        keyword: Ident,
        name: &str,
        example: &str,
        input: ParseStream,
        errors: &mut Errors,
    ) {
        let whole = input.fork();
        let parsed = match name {
            "key" => set_once(&mut self.key, keyword, input, errors),
            "scope" => set_once(&mut self.scope, keyword, input, errors),
            "ttl" => set_once(&mut self.ttl, keyword, input, errors),
            "key_format" => set_once(&mut self.key_format, keyword, input, errors),
            "operation" => set_once(&mut self.operation, keyword, input, errors),
            "fingerprint" => set_once(&mut self.fingerprint, keyword, input, errors),
            "missing" => set_once(&mut self.missing, keyword, input, errors),
            "mismatch" => set_once(&mut self.mismatch, keyword, input, errors),
            "pending" => set_once(&mut self.pending, keyword, input, errors),
            "release" => set_once(&mut self.release, keyword, input, errors),
            "abandoned" => set_once(&mut self.abandoned, keyword, input, errors),
            "lease" => set_once(&mut self.lease, keyword, input, errors),
            "deadline" => set_once(&mut self.deadline, keyword, input, errors),
            "on_replay" => set_once(&mut self.on_replay, keyword, input, errors),
            "response" => set_once(&mut self.response, keyword, input, errors),
            "transaction" => set_once(&mut self.transaction, keyword, input, errors),
            "policy" => set_once(&mut self.policy, keyword, input, errors),
            "store" => set_once(&mut self.store, keyword, input, errors),
            "crate" => set_once(&mut self.runtime, keyword, input, errors),
            _ => Err(input.error("not an option")),
        };
        if let Err(error) = parsed {
            self.skip(input);
            let value = self.skip(&whole);
            errors.at(
                value,
                format_args!("the value of `{name}` is cut short or malformed: {error}"),
                format_args!("write for example `{example}`"),
            );
        }
    }

    fn unknown(&mut self, keyword: &Ident, name: &str, input: ParseStream, errors: &mut Errors) {
        let meant = nearest(name, names());
        self.scope_attempted |= meant == Some("scope");
        self.skip(input);
        let help = match meant {
            _ if OF_A_POLICY.contains(&name) => {
                format!(
                    "set it on a `const` `Policy`, by `.{name}(…)`, and name that: `policy = PAYMENTS`"
                )
            }
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the options are {}", all_of(&names())),
        };
        errors.at(keyword, format_args!("there is no option `{name}`"), help);
    }

    fn parse_comma(&mut self, input: ParseStream, errors: &mut Errors) {
        if input.is_empty() || input.parse::<Token![,]>().is_ok() {
            return;
        }
        if let Ok(semicolon) = input.parse::<Token![;]>() {
            errors.at(semicolon, "options are separated by commas", "write `,`");
            return;
        }
        if value::begins_an_option(input) {
            let name = input.fork().call(Ident::parse_any);
            let name = name.map_or_else(|_| String::new(), |name| name.to_string());
            errors.at_span(
                input.span(),
                format_args!("a comma is missing before `{name}`"),
                format_args!("write `, {name} = …`"),
            );
        } else {
            let found = self.skip(input);
            errors.at(
                found,
                "expected a comma or the end of the options",
                "separate options by commas, and end a value where its comma stands",
            );
            let _ = input.parse::<Token![,]>();
        }
    }

    /// Goes to the comma before the next option, or to the end.
    fn skip(&mut self, input: ParseStream) -> TokenStream {
        let mut skipped = TokenStream::new();
        while !input.is_empty() && !at_the_next_option(input) {
            if value::begins_an_option(input) {
                self.scope_attempted |= input.peek(scope);
            }
            let Ok(tree) = input.parse::<TokenTree>() else {
                break;
            };
            tree.to_tokens(&mut skipped);
        }
        skipped
    }
}

syn::custom_keyword!(scope);

fn at_the_next_option(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.parse::<Token![,]>().is_ok() && (ahead.is_empty() || value::begins_an_option(&ahead))
}

/// Settings that a `Policy` has and the attribute has not.
const OF_A_POLICY: [&str; 3] = ["max_body", "max_response", "store_down"];

/// Options that the grammar knows and this version does not do.
const NOT_YET: [&str; 2] = ["transaction", "store"];

/// The options that there are to choose from.
fn names() -> Vec<&'static str> {
    let names = EXAMPLES.into_iter().map(|(name, _)| name);
    names.filter(|name| !NOT_YET.contains(name)).collect()
}

fn set_once<T: Parse>(
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
