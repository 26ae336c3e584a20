//! JSON pointers (RFC 6901).

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitStr, Token};

use super::value::{Arguments, ungrouped};
use crate::errors::Errors;

/// The names that a pointer goes through. A text without a slash in front is the name of one field.
pub(crate) fn segments(text: &str) -> Vec<String> {
    match text.strip_prefix('/') {
        None => vec![text.to_owned()],
        Some(pointer) => pointer
            .split('/')
            .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
            .collect(),
    }
}

/// Whether each tilde is part of `~0` or `~1`.
pub(crate) fn is_sound(pointer: &LitStr, errors: &mut Errors) -> bool {
    let sound = pointer
        .value()
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    if !sound {
        errors.at(
            pointer,
            "this is not a valid JSON pointer: a `~` stands alone",
            "write `~0` for `~`, and `~1` for `/` within a name",
        );
    }
    sound
}

/// `"/amount", "/items/0"`: pointers, of which none covers another.
pub(crate) fn list(word: &str, arguments: &Arguments, errors: &mut Errors) -> Option<Vec<LitStr>> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let items = parser.parse2(arguments.tokens.clone());
    let Some(items) = items.ok().filter(|items| !items.is_empty()) else {
        errors.at(
            arguments,
            format_args!("`{word}` takes JSON pointers in quotes, with commas between them"),
            format_args!("write for example `{word}(\"/amount\", \"/items/0/price\")`"),
        );
        return None;
    };
    let pointers: Vec<_> = items.iter().map(|it| pointer(word, it, errors)).collect();
    let pointers: Vec<LitStr> = pointers.into_iter().collect::<Option<_>>()?;
    none_covers_another(&pointers, errors).then_some(pointers)
}

fn pointer(word: &str, item: &Expr, errors: &mut Errors) -> Option<LitStr> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = &ungrouped(item.clone())
    else {
        let help = match item {
            Expr::Path(name) if name.path.get_ident().is_some() => {
                format!("write `{word}(\"/{}\")`", name.path.segments[0].ident)
            }
            _ => format!("write for example `{word}(\"/amount\")`"),
        };
        errors.at(item, "a JSON pointer is a string in quotes", help);
        return None;
    };
    let value = text.value();
    if value.is_empty() {
        let instead = match word {
            "fields" => "json",
            _ => "none",
        };
        errors.at(
            text,
            "an empty pointer means the whole body",
            format_args!("name a field, such as `\"/amount\"`, or write `fingerprint = {instead}`"),
        );
        return None;
    }
    if !value.starts_with('/') {
        errors.at(
            text,
            "a JSON pointer begins with a slash",
            format_args!("write `\"{}\"`", meant(&value)),
        );
        return None;
    }
    is_sound(text, errors).then(|| text.clone())
}

/// The pointer that was probably meant by a name, or by a path in another notation: `$.items[0].price`, `#/amount`.
fn meant(text: &str) -> String {
    let path = text.trim_start_matches(['$', '#', '.', '/']);
    let path = path.replace(['.', '['], "/").replace(']', "");
    let escaped = |segment: &str| segment.replace('~', "~0");
    let segments: Vec<String> = path.split('/').map(escaped).collect();
    match segments.join("/") {
        nothing if nothing.is_empty() => "/amount".to_owned(),
        path => format!("/{path}"),
    }
}

fn none_covers_another(pointers: &[LitStr], errors: &mut Errors) -> bool {
    let paths: Vec<_> = pointers.iter().map(|it| segments(&it.value())).collect();
    let mut none = true;
    for (index, path) in paths.iter().enumerate() {
        let pointer = &pointers[index];
        if paths[..index].contains(path) {
            errors.at(
                pointer,
                "this pointer is listed twice",
                "keep one of the two",
            );
            none = false;
            continue;
        }
        let above = |other: &Vec<String>| other.len() < path.len() && path.starts_with(other);
        if let Some(above) = paths.iter().position(above) {
            errors.at(
                pointer,
                format_args!(
                    "this is a part of `{}`, which is listed too",
                    pointers[above].value()
                ),
                "remove one of the two",
            );
            none = false;
        }
    }
    none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_notations_are_understood() {
        for (written, pointer) in [
            ("amount", "/amount"),
            ("meta.id", "/meta/id"),
            ("items[0].price", "/items/0/price"),
            ("$.amount", "/amount"),
            ("$", "/amount"),
            ("#/amount", "/amount"),
            ("items/0", "/items/0"),
            ("a~b", "/a~0b"),
        ] {
            assert_eq!(meant(written), pointer, "{written}");
        }
    }

    #[test]
    fn a_field_and_the_pointer_to_it_are_one_place() {
        assert_eq!(segments("amount"), segments("/amount"));
        assert_eq!(segments("a/b~c"), segments("/a~1b~0c"));
        assert_ne!(segments("/a/b"), segments("/a~1b"));
        assert_ne!(segments("/"), segments("//"));
    }
}
