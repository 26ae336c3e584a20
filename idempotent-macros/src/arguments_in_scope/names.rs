//! The names in an expression.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::visit::{self, Visit};
use syn::{
    Arm, Block, Expr, ExprCall, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprMacro,
    ExprMethodCall, ExprPath, ExprWhile, Item, Local, Pat, StmtMacro,
};

use super::pattern::names_bound;
use crate::errors::nearest;

/// What an expression names.
#[derive(Debug)]
pub(super) struct Names<'a> {
    arguments: &'a [Ident],
    /// Arguments.
    pub(super) used: Vec<Ident>,
    /// Names that look like arguments but are not.
    pub(super) unknown: Vec<Ident>,
    /// What would leave the expression or suspend it.
    pub(super) leaving: Vec<(TokenStream, &'static str)>,
    /// Names bound within, innermost last.
    shadows: Vec<Ident>,
    /// Within `if`, `match` and blocks, unknown names are left to the compiler.
    left_to_the_compiler: bool,
    /// Inside a loop that is part of the expression.
    in_a_loop: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(expression: &Expr, arguments: &'a [Ident]) -> Self {
        let mut names = Self {
            arguments,
            used: Vec::new(),
            unknown: Vec::new(),
            leaving: Vec::new(),
            shadows: Vec::new(),
            left_to_the_compiler: false,
            in_a_loop: false,
        };
        names.visit_expr(expression);
        names
    }

    fn name(&mut self, ident: &Ident, may_be_unknown: bool) {
        let same = |other: &&Ident| other.unraw() == ident.unraw();
        if self.shadows.iter().any(|shadow| same(&shadow)) {
        } else if let Some(argument) = self.arguments.iter().find(same) {
            if !self.used.contains(argument) {
                self.used.push(argument.clone());
            }
        } else if may_be_unknown && !self.left_to_the_compiler && is_lower_case(ident) {
            self.unknown.push(ident.clone());
        }
    }

    /// A value handed to a call may also be a function of this name, unless it looks like a misspelt argument.
    fn handed_over(&mut self, expression: &Expr) {
        match single_name(expression) {
            Some(ident) => {
                let known: Vec<String> = self.arguments.iter().map(Ident::to_string).collect();
                let misspelt = nearest(&ident.to_string(), known.iter().map(String::as_str));
                self.name(ident, misspelt.is_some());
            }
            None => self.visit_expr(expression),
        }
    }

    /// Macros are searched as tokens, and for the names in format strings.
    fn search(&mut self, tokens: TokenStream) {
        let mut after_a_dot = false;
        for tree in tokens {
            match &tree {
                TokenTree::Group(group) => self.search(group.stream()),
                TokenTree::Ident(ident) if after_a_dot && ident == "await" => {
                    self.leaving.push((tree.to_token_stream(), "`.await`"));
                }
                TokenTree::Ident(ident) if ident == "return" => {
                    self.leaving.push((tree.to_token_stream(), "`return`"));
                }
                TokenTree::Ident(ident) if !after_a_dot => self.name(ident, false),
                TokenTree::Punct(punct) if punct.as_char() == '?' => {
                    self.leaving.push((tree.to_token_stream(), "`?`"));
                }
                TokenTree::Literal(literal) => self.search_format(&literal.to_string()),
                _ => {}
            }
            after_a_dot = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.');
        }
    }

    fn search_format(&mut self, literal: &str) {
        for after in literal.split('{').skip(1) {
            let captured = after.split(['}', ':']).next().unwrap_or_default();
            // `{type}` is how a format string writes `r#type`.
            if let Ok(ident) = Ident::parse_any.parse_str(captured) {
                self.name(&ident, false);
            }
        }
    }

    /// Forgets what `visit` binds once it is done.
    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        let outside = self.shadows.len();
        visit(self);
        self.shadows.truncate(outside);
    }

    fn bind(&mut self, pattern: &Pat) {
        self.shadows.extend(names_bound(pattern));
        // A guard in the pattern sees its bindings.
        self.visit_pat(pattern);
    }

    fn within(&mut self, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.left_to_the_compiler, true);
        visit(self);
        self.left_to_the_compiler = outside;
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Try(it) => self
                .leaving
                .push((it.question_token.to_token_stream(), "`?`")),
            Expr::Await(it) => self
                .leaving
                .push((it.await_token.to_token_stream(), "`.await`")),
            Expr::Return(it) => self
                .leaving
                .push((it.return_token.to_token_stream(), "`return`")),
            Expr::Break(it) if !self.in_a_loop && it.label.is_none() => self
                .leaving
                .push((it.break_token.to_token_stream(), "`break`")),
            Expr::Continue(it) if !self.in_a_loop && it.label.is_none() => self
                .leaving
                .push((it.continue_token.to_token_stream(), "`continue`")),
            Expr::Assign(it) => self.leaving.push((it.eq_token.to_token_stream(), "`=`")),
            Expr::Yield(it) => self
                .leaving
                .push((it.yield_token.to_token_stream(), "`yield`")),
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => {
                let outside = std::mem::replace(&mut self.in_a_loop, true);
                self.within(|names| visit::visit_expr(names, expression));
                self.in_a_loop = outside;
                return;
            }
            Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::Const(_)
            | Expr::Async(_) => {
                self.within(|names| visit::visit_expr(names, expression));
                return;
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if let Some(ident) = path.path.get_ident()
            && path.qself.is_none()
        {
            self.name(ident, true);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        match single_name(&call.func) {
            Some(ident) => self.name(ident, false),
            None => self.visit_expr(&call.func),
        }
        call.args.iter().for_each(|it| self.handed_over(it));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.visit_expr(&call.receiver);
        call.args.iter().for_each(|it| self.handed_over(it));
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.scoped(|names| {
            closure.inputs.iter().for_each(|input| names.bind(input));
            names.visit_expr(&closure.body);
        });
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.scoped(|names| visit::visit_block(names, block));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        self.bind(&local.pat);
    }

    fn visit_expr_let(&mut self, condition: &'ast ExprLet) {
        self.visit_expr(&condition.expr);
        self.bind(&condition.pat);
    }

    fn visit_expr_if(&mut self, it: &'ast ExprIf) {
        self.scoped(|names| {
            names.visit_expr(&it.cond);
            names.visit_block(&it.then_branch);
        });
        if let Some((_, otherwise)) = &it.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        self.scoped(|names| visit::visit_expr_while(names, it));
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.visit_expr(&it.expr);
        self.scoped(|names| {
            names.bind(&it.pat);
            names.visit_block(&it.body);
        });
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.scoped(|names| {
            names.bind(&arm.pat);
            names.visit_expr(&arm.body);
        });
    }

    /// An inner item sees nothing around it.
    fn visit_item(&mut self, _: &'ast Item) {}

    fn visit_expr_macro(&mut self, mac: &'ast ExprMacro) {
        self.search(mac.mac.tokens.clone());
    }

    fn visit_stmt_macro(&mut self, mac: &'ast StmtMacro) {
        self.search(mac.mac.tokens.clone());
    }
}

fn single_name(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn is_lower_case(ident: &Ident) -> bool {
    !ident.to_string().starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn names(expression: &str) -> (Vec<String>, Vec<String>, Vec<&'static str>) {
        let arguments = ["app", "org", "user"].map(|name| Ident::new(name, Span::call_site()));
        let names = Names::of(&syn::parse_str(expression).unwrap(), &arguments);
        let text = |names: &[Ident]| names.iter().map(Ident::to_string).collect();
        (
            text(&names.used),
            text(&names.unknown),
            names.leaving.iter().map(|(_, what)| *what).collect(),
        )
    }

    #[test]
    fn arguments_are_found() {
        for expression in [
            "org",
            "org.id",
            "&org",
            "(org as u64)",
            "org.id.to_string()",
            "tenant(&org)",
            "tenant_of(org)",
            "PREFIX.join(org)",
            "Tenant { org }",
            "format!(\"{org}\")",
            "format!(\"{org:?}\")",
            "format!(\"{}\", org.id)",
            "if org.admin { 0 } else { x }",
            "match org { Some(found) => found, None => 0 }",
            "ids.map(|org| org)[org]",
            "|saved| async move { look(org, &saved).await }",
            "async |saved| { println!(\"{org}\"); saved }",
            "|saved| async move { let org = org.id; saved.of(org)?; return saved }",
            "|saved| async move { { let org = 5; f(org) }; f(org) }",
            "|saved| async move { if let Some(org) = saved.org() { f(org) } else { f(org) } }",
        ] {
            let (used, unknown, leaving) = names(expression);
            assert_eq!(used, ["org"], "{expression}");
            assert!(
                leaving.is_empty() || expression.contains("saved"),
                "{expression}"
            );
            assert!(unknown.is_empty() || unknown == ["ids"], "{expression}");
        }
    }

    #[test]
    fn names_of_something_else_are_no_arguments() {
        for expression in [
            "app.org",
            "app.org()",
            "app.ids.iter().map(|org| org.id)",
            "app.get(Id::org)",
            "app.map(normalize)",
            "|org| async move { app.get(org) }",
            "|saved| async move { let (org, user) = app.both(); f(org, user) }",
            "|saved| async move { let Some(org) = app.org() else { return saved }; f(org) }",
            "|saved| async move { match app.org() { Some(org) if org.is(1) => f(org), _ => g() } }",
            "|saved| async move { while let Some(org) = app.next() { f(org) } }",
            "|saved| async move { for org in app.orgs() { f(org) } }",
            "|saved| async move { if app.is() && let Some(org) = app.org() { f(org) } }",
            "|saved| async move { fn f(org: u8) -> u8 { org } app.f(f) }",
            "format!(\"{app}\", app.org)",
        ] {
            let (used, unknown, _) = names(expression);
            assert_eq!(used, ["app"], "{expression}");
            assert!(unknown.is_empty(), "{expression}");
        }
    }

    #[test]
    fn a_raw_name_is_the_name() {
        for expression in [
            "r#org",
            "format!(\"{org}\")",
            "f(|r#org| org, r#user).map(org)",
        ] {
            let (used, unknown, _) = names(expression);
            assert!(!used.is_empty(), "{expression}");
            assert!(unknown.is_empty(), "{expression}");
        }
        let arguments = [Ident::new_raw("type", Span::call_site())];
        for expression in ["r#type", "format!(\"{type}\")", "format!(\"{type:?}\")"] {
            let names = Names::of(&syn::parse_str(expression).unwrap(), &arguments);
            assert_eq!(names.used, arguments, "{expression}");
        }
    }

    #[test]
    fn unknown_names_are_found() {
        for expression in [
            "tenant",
            "tenant.id",
            "&tenant",
            "(app, tenant)",
            "app[tenant]",
        ] {
            assert_eq!(names(expression).1, ["tenant"], "{expression}");
        }
        assert_eq!(names("tenant_of(orgg)").1, ["orgg"]);
    }

    #[test]
    fn what_leaves_the_expression_is_found() {
        assert_eq!(names("org?").2, ["`?`"]);
        assert_eq!(names("org.id().await").2, ["`.await`"]);
        assert_eq!(names("return org").2, ["`return`"]);
        assert_eq!(names("if org.is() { break } else { org }").2, ["`break`"]);
        assert_eq!(names("match org { x => continue }").2, ["`continue`"]);
        assert_eq!(names("loop { break org }").2, [""; 0]);
        assert_eq!(names("'a: { break 'a org }").2, [""; 0]);
        assert_eq!(names("format!(\"{:?}\", org.id()?)").2, ["`?`"]);
        assert_eq!(names("join!(org.id().await)").2, ["`.await`"]);
        assert_eq!(names("format!(\"why? {org:?}\")").2, [""; 0]);
    }
}
