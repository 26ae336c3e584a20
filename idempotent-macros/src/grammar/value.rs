//! The shapes that an option's value can have.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Lit, Token, token};

/// A value whose meaning isn't known yet.
#[derive(Debug)]
pub(crate) enum Value {
    /// `reject`, `reject(409)`, `header("X")`.
    Word(Word),
    /// `"24h"`, `5`.
    Literal(Lit),
    /// `[429, 502..=504]`.
    List(List),
    /// Any other expression.
    Expression(Expr),
}

#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) word: Ident,
    pub(crate) arguments: Option<Arguments>,
}

/// The contents of a word's parentheses.
#[derive(Debug)]
pub(crate) struct Arguments {
    parentheses: TokenTree,
    pub(crate) tokens: TokenStream,
}

#[derive(Debug)]
pub(crate) struct List {
    brackets: TokenTree,
    pub(crate) tokens: TokenStream,
}

impl Parse for Value {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Some(tokens) = through_a_macro(&ahead)
            && ends_a_value(&ahead)
        {
            input.advance_to(&ahead);
            return syn::parse2(tokens);
        }
        let ahead = input.fork();
        if let Ok(value) = Self::simple(&ahead)
            && ends_a_value(&ahead)
        {
            input.advance_to(&ahead);
            return Ok(value);
        }
        Ok(match ungrouped(input.parse()?) {
            Expr::Lit(literal) => Self::Literal(literal.lit),
            expression => Self::Expression(expression),
        })
    }
}

/// What a value is as an expression.
pub(crate) fn as_expression(value: &Value) -> Option<Expr> {
    match value {
        Value::Expression(expression) => Some(expression.clone()),
        Value::Word(word) => syn::parse2(word.to_token_stream()).ok(),
        Value::Literal(literal) => syn::parse2(literal.to_token_stream()).ok(),
        Value::List(list) => syn::parse2(list.to_token_stream()).ok(),
    }
}

/// An expression without parentheses, and without the invisible delimiters that `macro_rules!` puts around it.
pub(crate) fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Paren(paren) => ungrouped(*paren.expr),
        other => other,
    }
}

/// Tokens that `macro_rules!` put invisible delimiters around, such as `$key:expr`.
fn through_a_macro(input: ParseStream) -> Option<TokenStream> {
    match input.parse() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => Some(group.stream()),
        _ => None,
    }
}

impl Value {
    /// Whether the value is this word, without parentheses.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(written) if written.word == word && written.arguments.is_none())
    }

    fn simple(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Lit) {
            input.parse().map(Self::Literal)
        } else if input.peek(token::Bracket) {
            let (brackets, tokens) = delimited(input)?;
            Ok(Self::List(List { brackets, tokens }))
        } else {
            let word = Ident::parse_any(input)?;
            let arguments = if input.peek(token::Paren) {
                let (parentheses, tokens) = delimited(input)?;
                Some(Arguments {
                    parentheses,
                    tokens,
                })
            } else {
                None
            };
            Ok(Self::Word(Word { word, arguments }))
        }
    }
}

/// Whether the value ends here: at the end, at a comma, or where a comma was forgotten.
fn ends_a_value(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) || begins_an_option(input)
}

/// The value that was meant where the equals sign is missing: `ttl "24h"`, `ttl("24h")`.
pub(crate) fn meant(option: &str, found: &TokenStream) -> Option<String> {
    let mut trees = found.clone().into_iter();
    let (Some(tree), None) = (trees.next(), trees.next()) else {
        return (!found.is_empty()).then(|| found.to_string());
    };
    let written = tree
        .span()
        .source_text()
        .unwrap_or_else(|| tree.to_string());
    let TokenTree::Group(group) = tree else {
        return Some(written);
    };
    let within = written
        .strip_prefix('(')
        .and_then(|it| it.strip_suffix(')'));
    match within {
        Some(within) if within.trim().is_empty() => None,
        // The parts of a scope stay a tuple.
        Some(within) if option != "scope" || !has_comma(&group.stream()) => Some(within.to_owned()),
        _ => Some(written),
    }
}

fn has_comma(tokens: &TokenStream) -> bool {
    let is_comma = |tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.clone().into_iter().any(is_comma)
}

/// Whether a name and an equals sign come next.
pub(crate) fn begins_an_option(input: ParseStream) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

fn delimited(input: ParseStream) -> syn::Result<(TokenTree, TokenStream)> {
    let tree: TokenTree = input.parse()?;
    let tokens = match &tree {
        TokenTree::Group(group) => group.stream(),
        other => other.to_token_stream(),
    };
    Ok((tree, tokens))
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Word(word) => word.to_tokens(tokens),
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::List(list) => list.to_tokens(tokens),
            Self::Expression(expression) => expression.to_tokens(tokens),
        }
    }
}

impl ToTokens for Word {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.word.to_tokens(tokens);
        self.arguments.to_tokens(tokens);
    }
}

impl ToTokens for Arguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.parentheses.to_tokens(tokens);
    }
}

impl ToTokens for List {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.brackets.to_tokens(tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn every_shape_is_told_from_the_others() {
        assert!(matches!(value("reject"), Value::Word(word) if word.arguments.is_none()));
        assert!(matches!(value("reject(409)"), Value::Word(word) if word.arguments.is_some()));
        assert!(matches!(value("\"24h\""), Value::Literal(_)));
        assert!(matches!(value("[429, 502..=504]"), Value::List(_)));
        for expression in [
            "event.id",
            "header(\"X\").0",
            "5 * 60",
            "(a, b)",
            "&org",
            "a::b",
        ] {
            assert!(
                matches!(value(expression), Value::Expression(_)),
                "{expression}"
            );
        }
    }
}
