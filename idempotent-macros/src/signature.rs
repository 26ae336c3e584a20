//! What a handler must look like, and where its attributes go.

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, FnArg, GenericParam, Ident, Item, Meta, Pat, Safety, Signature, Type,
    Visibility,
};

use crate::errors::Errors;
use crate::function::Function;
use crate::grammar::spec::Door;

/// An axum handler: async, without a receiver, with at most sixteen arguments.
#[derive(Debug)]
pub(crate) struct Handler {
    /// Attributes of the function that callers see.
    pub(crate) outer_attrs: Vec<Attribute>,
    /// Attributes of the inner function, which is the user's.
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) form: Form,
}

#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
}

/// What the user's function becomes. Whether its future is `Send` is known here, unless it depends on type parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A function within. It can name neither `Self` nor the type parameters of an `impl` around it.
    Function { judge_send: bool },
    /// A closure, which can. But attributes can't go on it, it has no `impl Trait`, its value is coerced less, it ties no
    /// lifetime of an argument to the one that it returns, and it can't call itself.
    Closure { judge_send: bool },
}

impl Form {
    pub(crate) fn judges_send(self) -> bool {
        let (Self::Closure { judge_send } | Self::Function { judge_send }) = self;
        judge_send
    }
}

/// The most arguments for which axum implements `Handler`. A handler on actix-web has as many here.
const MOST_ARGUMENTS: usize = 16;

pub(crate) fn handler(door: Door, function: Function, errors: &mut Errors) -> Handler {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    qualifiers(&sig, errors);
    let arguments = arguments(door, &sig, errors);
    let (outer_attrs, inner_attrs) = attributes(door, attrs, errors);
    let names_self = sig.receiver().is_none() && names_self(&sig, &body);
    let form = form(&sig, names_self, &inner_attrs, errors);
    Handler {
        outer_attrs,
        inner_attrs,
        vis,
        sig,
        body,
        arguments,
        form,
    }
}

fn form(sig: &Signature, names_self: bool, inner_attrs: &[Attribute], errors: &mut Errors) -> Form {
    let judge_send = !names_self && !has_type_parameters(sig) && !may_name_outer_parameters(sig);
    if names_self {
        for attr in inner_attrs {
            let written = written(attr);
            errors.at(
                attr,
                format_args!(
                    "`#[{written}]` cannot go on a closure, and this function becomes one because it names `Self`"
                ),
                "write the type's name instead of `Self`, or put it above `#[idempotent]`",
            );
        }
        return Form::Closure { judge_send };
    }
    // A function within is the user's in every way; a closure isn't, so it is the exception.
    let may_close = inner_attrs.is_empty() && !takes_impl_trait(sig) && !returns_impl_trait(sig);
    if may_close && may_name_outer_parameters(sig) {
        Form::Closure { judge_send }
    } else {
        Form::Function { judge_send }
    }
}

fn qualifiers(sig: &Signature, errors: &mut Errors) {
    let name = &sig.ident;
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            "a handler cannot be `const`",
            format_args!("write `async fn {name}`"),
        );
    } else if sig.asyncness.is_none() {
        errors.at(
            sig.fn_token,
            "an idempotent handler must be async",
            format_args!("write `async fn {name}`"),
        );
    }
    if let Safety::Unsafe(safety) = &sig.safety {
        errors.at(
            safety,
            "a handler cannot be `unsafe`: a router calls it, and cannot vouch for anything",
            "remove `unsafe`, and write an `unsafe` block within",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            "a handler cannot be `extern`",
            format_args!("write `async fn {name}`"),
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a handler cannot be variadic",
            "write each extractor as an argument of its own",
        );
    }
}

fn arguments(door: Door, sig: &Signature, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for (index, argument) in sig.inputs.iter().enumerate() {
        match argument {
            FnArg::Receiver(receiver) => errors.at(
                receiver,
                format_args!("{} has no receiver", door.function()),
                match door {
                    Door::Actix => {
                        "take what it needs from an extractor, such as `app: web::Data<App>`"
                    }
                    _ => "take what it needs from an extractor, such as `State(app): State<App>`",
                },
            ),
            FnArg::Typed(typed) => {
                if let Some(cfg) = typed.attrs.iter().find(|it| it.path().is_ident("cfg")) {
                    errors.at(
                        cfg,
                        "an argument of an idempotent handler cannot be conditional",
                        "put `#[cfg]` on the whole function, and write it once for each case",
                    );
                }
                if index == MOST_ARGUMENTS {
                    errors.at(
                        typed,
                        format_args!("{} has at most sixteen arguments", door.function()),
                        match door {
                            Door::Actix => {
                                "group some of them in a struct that implements `FromRequest`"
                            }
                            _ => "group some of them in a struct that derives `FromRequestParts`",
                        },
                    );
                }
                arguments.push(Argument {
                    pattern: (*typed.pat).clone(),
                    ty: (*typed.ty).clone(),
                });
            }
        }
    }
    arguments
}

fn has_type_parameters(sig: &Signature) -> bool {
    let named = |param: &GenericParam| matches!(param, GenericParam::Type(_));
    takes_impl_trait(sig) || sig.generics.params.iter().any(named)
}

fn takes_impl_trait(sig: &Signature) -> bool {
    let mut finder = ImplTrait(None);
    sig.inputs
        .iter()
        .for_each(|input| finder.visit_fn_arg(input));
    finder.0.is_some()
}

fn returns_impl_trait(sig: &Signature) -> bool {
    let mut finder = ImplTrait(None);
    finder.visit_return_type(&sig.output);
    finder.0.is_some()
}

/// Whether a type looks like a parameter of an `impl` around the function, such as `R` or `DB`, which can't be seen from
/// here.
fn may_name_outer_parameters(sig: &Signature) -> bool {
    struct Finder(bool);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
            if let Some(name) = path.path.get_ident() {
                let name = name.to_string();
                self.0 |=
                    name.len() <= 3 && name.chars().all(|it| it.is_uppercase() || it.is_numeric());
            }
            visit::visit_type_path(self, path);
        }
    }
    let mut finder = Finder(false);
    finder.visit_signature(sig);
    finder.0
}

/// The `impl Trait` in a return type, or in a part of one.
pub(crate) fn impl_trait_in(ty: &Type) -> Option<&Type> {
    let mut finder = ImplTrait(None);
    finder.visit_type(ty);
    finder.0
}

struct ImplTrait<'ast>(Option<&'ast Type>);

impl<'ast> Visit<'ast> for ImplTrait<'ast> {
    fn visit_type(&mut self, ty: &'ast Type) {
        if matches!(ty, Type::ImplTrait(_)) {
            self.0.get_or_insert(ty);
        } else {
            visit::visit_type(self, ty);
        }
    }
}

/// Whether the function means an outer `Self`. A body that is half typed is searched as tokens.
fn names_self(sig: &Signature, body: &Group) -> bool {
    let mut finder = NamesSelf(false);
    finder.visit_signature(sig);
    match syn::parse2(TokenTree::from(body.clone()).into()) {
        Ok(block) => finder.visit_block(&block),
        Err(_) => finder.search(body.stream()),
    }
    finder.0
}

/// Whether an expression in the attribute means an outer `Self`.
pub(crate) fn expression_names_self(expression: &Expr) -> bool {
    let mut finder = NamesSelf(false);
    finder.visit_expr(expression);
    finder.0
}

struct NamesSelf(bool);

impl NamesSelf {
    fn search(&mut self, tokens: TokenStream) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => self.search(group.stream()),
                TokenTree::Ident(ident) => self.0 |= ident == "Self",
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for NamesSelf {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.0 |= ident == "Self";
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        visit::visit_macro(self, mac);
        self.search(mac.tokens.clone());
    }

    /// An inner item has a `Self` of its own, or none.
    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Divides the attributes between the function that callers see and the inner one.
fn attributes(
    door: Door,
    attrs: Vec<Attribute>,
    errors: &mut Errors,
) -> (Vec<Attribute>, Vec<Attribute>) {
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for attr in attrs {
        let written = written(&attr);
        if written.rsplit("::").next() == Some("idempotent") {
            errors.at(
                &attr,
                "this function has `#[idempotent]` twice",
                "keep one, with the options of both",
            );
        } else if routes(&attr, &written) && door == Door::Actix {
            outer.push(attr);
        } else if routes(&attr, &written) {
            errors.at(
                &attr,
                format_args!(
                    "`#[{written}]` would see the function within, not the idempotent one"
                ),
                format_args!("put it above `#[idempotent]`"),
            );
        } else if is_outer(&attr) {
            outer.push(attr);
        } else {
            inner.push(attr);
        }
    }
    (outer, inner)
}

/// An attribute's path as it is written.
fn written(attr: &Attribute) -> String {
    let segments = attr.path().segments.iter();
    let names = segments.map(|segment| segment.ident.to_string());
    names.collect::<Vec<_>>().join("::")
}

/// Attributes that route to the function or describe its route.
fn routes(attr: &Attribute, written: &str) -> bool {
    let name = written.rsplit("::").next().unwrap_or(written);
    match name {
        "get" | "post" | "put" | "delete" | "patch" | "head" | "options" | "connect" | "route"
        | "routes" => true,
        // Tracing crates have attributes of these names too, without a route in front.
        "trace" => begins_with_text(attr),
        "path" => written == "utoipa::path",
        _ => false,
    }
}

fn begins_with_text(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else {
        return false;
    };
    let first = list.tokens.clone().into_iter().next();
    matches!(first, Some(TokenTree::Literal(literal)) if literal.to_string().starts_with('"'))
}

/// Attributes about the name that callers use. A lint level also applies to the inner function, so that `#[expect]` is
/// fulfilled once.
fn is_outer(attr: &Attribute) -> bool {
    const OUTER: [&str; 9] = [
        "doc",
        "cfg",
        "deprecated",
        "must_use",
        "allow",
        "warn",
        "deny",
        "forbid",
        "expect",
    ];
    // Of `rustfmt` and `clippy`, which read the function as it is written.
    let is_of_a_tool = |path: &syn::Path| {
        let tool = path.segments.first().map(|segment| &segment.ident);
        tool.is_some_and(|tool| tool == "rustfmt" || tool == "clippy")
    };
    let is_one_of =
        |path: &syn::Path| OUTER.iter().any(|name| path.is_ident(name)) || is_of_a_tool(path);
    if !attr.path().is_ident("cfg_attr") {
        return is_one_of(attr.path());
    }
    let Meta::List(list) = &attr.meta else {
        return false;
    };
    let within = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
    list.parse_args_with(within)
        .is_ok_and(|metas| metas.iter().skip(1).all(|meta| is_one_of(meta.path())))
}
