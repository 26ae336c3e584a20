//! The annotated function: its signature is understood, its body stays tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Item, Signature, Visibility, token};

use crate::errors::Errors;

/// A function whose body may be half typed.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

impl Function {
    pub(crate) fn parse(item: TokenStream, errors: &mut Errors) -> Option<Self> {
        match syn::parse2(item.clone()) {
            Ok(function) => Some(function),
            Err(error) => {
                match syn::parse2::<Item>(item) {
                    Ok(other) if !matches!(other, Item::Fn(_) | Item::Verbatim(_)) => {
                        let help = match other {
                            Item::Impl(_) | Item::Mod(_) | Item::Trait(_) => {
                                "put the attribute on each `async fn` within"
                            }
                            _ => "put the attribute on an `async fn`",
                        };
                        errors.at(keyword(&other), "only a function can be idempotent", help);
                    }
                    _ => errors.push(error),
                }
                None
            }
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        if !input.peek(token::Brace) {
            return Err(input
                .error("expected the function's body\nhelp: write `{ … }` after its signature"));
        }
        let body = braces(input)?;
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

/// A body. If it came through `macro_rules!`, as `$body:block`, it has invisible delimiters around it.
fn braces(input: ParseStream) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            braces.parse2(group.stream())
        }
        TokenTree::Group(group) => Ok(group),
        other => Err(syn::Error::new(other.span(), "expected braces")),
    }
}

/// The part of an item that says what it is.
fn keyword(item: &Item) -> TokenStream {
    use quote::ToTokens;
    match item {
        Item::Const(item) => item.const_token.to_token_stream(),
        Item::Enum(item) => item.enum_token.to_token_stream(),
        Item::Impl(item) => item.impl_token.to_token_stream(),
        Item::Mod(item) => item.mod_token.to_token_stream(),
        Item::Static(item) => item.static_token.to_token_stream(),
        Item::Struct(item) => item.struct_token.to_token_stream(),
        Item::Trait(item) => item.trait_token.to_token_stream(),
        Item::Type(item) => item.type_token.to_token_stream(),
        other => other.to_token_stream(),
    }
}
