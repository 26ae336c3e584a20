//! Patterns of arguments, and how to see through them without taking anything.

use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, Pat, PatIdent, PatWild, Token};

/// The names that a pattern binds, in order.
pub(crate) fn names_bound(pattern: &Pat) -> Vec<Ident> {
    let mut names = NamesBound(Vec::new());
    names.visit_pat(pattern);
    names.0
}

struct NamesBound(Vec<Ident>);

impl<'ast> Visit<'ast> for NamesBound {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        if binds(pattern) {
            self.0.push(pattern.ident.clone());
        }
        visit::visit_pat_ident(self, pattern);
    }
}

/// Whether this is a name, rather than a constant or a struct without fields.
fn binds(pattern: &PatIdent) -> bool {
    let name = pattern.ident.to_string();
    pattern.by_ref.is_some()
        || pattern.mutability.is_some()
        || pattern.subpat.is_some()
        || !name.starts_with(char::is_uppercase)
}

/// The pattern that binds `used` alone when it is matched against a reference to the argument. `None`: it binds none of
/// them.
pub(super) fn by_reference(pattern: &Pat, used: &[Ident]) -> Option<Pat> {
    let any = names_bound(pattern).iter().any(|name| used.contains(name));
    any.then(|| {
        let mut pattern = pattern.clone();
        ByReference { used }.visit_pat_mut(&mut pattern);
        pattern
    })
}

struct ByReference<'a> {
    used: &'a [Ident],
}

impl VisitMut for ByReference<'_> {
    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        // Matched against a reference, bindings are references already: `mut`, `ref` and `&` would be mistakes.
        while let Pat::Reference(reference) = pattern {
            *pattern = (*reference.pat).clone();
        }
        if let Pat::Ident(name) = pattern
            && binds(name)
        {
            name.by_ref = None;
            name.mutability = None;
            if !self.used.contains(&name.ident) {
                *pattern = match name.subpat.take() {
                    Some((_, within)) => *within,
                    None => Pat::Wild(PatWild {
                        attrs: Vec::new(),
                        underscore_token: Token![_](name.ident.span()),
                    }),
                };
                if !matches!(pattern, Pat::Wild(_)) {
                    self.visit_pat_mut(pattern);
                }
                return;
            }
        }
        visit_mut::visit_pat_mut(self, pattern);
    }

    fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
        visit_mut::visit_field_pat_mut(self, field);
        if matches!(*field.pat, Pat::Wild(_)) && field.colon_token.is_none() {
            field.colon_token = Some(Token![:](proc_macro2::Span::mixed_site()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use quote::ToTokens;
    use syn::parse::Parser;

    use super::*;

    fn seen(pattern: &str, used: &[&str]) -> Option<String> {
        let pattern = Pat::parse_single.parse_str(pattern).unwrap();
        let used: Vec<Ident> = used
            .iter()
            .map(|name| Ident::new(name, Span::call_site()))
            .collect();
        by_reference(&pattern, &used).map(|pattern| pattern.to_token_stream().to_string())
    }

    #[test]
    fn names_alone_are_bound_and_by_reference() {
        for (pattern, used, expected) in [
            ("org", "org", "org"),
            ("mut org", "org", "org"),
            ("ref org", "org", "org"),
            ("&org", "org", "org"),
            ("Path((org, id))", "org", "Path ((org , _))"),
            ("Path((mut org, id))", "id", "Path ((_ , id))"),
            (
                "State(App { db, mut cache, .. })",
                "db",
                "State (App { db , cache : _ , .. })",
            ),
            ("State(App { ref db, .. })", "db", "State (App { db , .. })"),
            ("all @ Json(task)", "task", "Json (task)"),
            ("all @ Json(task)", "all", "all @ Json (_)"),
            ("Wrapped(Unit, &x)", "x", "Wrapped (Unit , x)"),
        ] {
            assert_eq!(seen(pattern, &[used]).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_named_is_not_bound() {
        assert_eq!(seen("State(app)", &["org"]), None);
        assert_eq!(seen("_", &["org"]), None);
        assert_eq!(seen("Unit", &["Unit"]), None);
    }
}
