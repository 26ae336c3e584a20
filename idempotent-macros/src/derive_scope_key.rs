//! `#[derive(ScopeKey)]` for newtypes.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DataStruct, DeriveInput, Field, Generics, Ident, Member, Path, parse_quote,
};

use crate::errors::Errors;

/// The implementation, or what is wrong.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let fallback = fallback(&input);
    match Newtype::validate(input) {
        Ok(newtype) => newtype.expand(),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            quote!(#fallback #mistakes)
        }
    }
}

/// An implementation that never runs, so that handlers whose scope has this type report no error of their own. `None`: the
/// path to the trait is unknown.
fn fallback(input: &DeriveInput) -> Option<TokenStream> {
    let mut errors = Errors::new();
    let runtime = runtime(&input.attrs, &mut errors);
    errors.finish().ok()?;
    let name = &input.ident;
    let (for_generics, generics, where_clause) = input.generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #for_generics #runtime::scope::ScopeKey for #name #generics #where_clause {
            fn scope_key(&self, _: &mut #runtime::scope::ScopePart<'_>) {
                #[allow(clippy::empty_loop)]
                loop {}
            }
        }
    })
}

/// A struct of one field.
#[derive(Debug)]
struct Newtype {
    runtime: Path,
    name: Ident,
    generics: Generics,
    member: Member,
    field: Field,
}

impl Newtype {
    fn validate(input: DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::new();
        let runtime = runtime(&input.attrs, &mut errors);
        let field = only_field(&input, &mut errors);
        if let Some((_, field)) = &field
            && let Some(attr) = field
                .attrs
                .iter()
                .find(|it| it.path().is_ident("scope_key"))
        {
            errors.at(
                attr,
                "a field has no options",
                "put `#[scope_key(crate = …)]` on the struct",
            );
        }
        errors.finish()?;
        let Some((member, field)) = field else {
            return Err(syn::Error::new(Span::call_site(), "expected a newtype"));
        };
        Ok(Self {
            runtime,
            name: input.ident,
            generics: input.generics,
            member,
            field,
        })
    }

    fn expand(mut self) -> TokenStream {
        let scope = {
            let runtime = &self.runtime;
            quote!(#runtime::scope)
        };
        let ty = &self.field.ty;
        if self.generics.type_params().next().is_some() {
            self.generics
                .make_where_clause()
                .predicates
                .push(parse_quote!(#ty: #scope::ScopeKey));
        }
        let (name, member) = (&self.name, &self.member);
        let (for_generics, generics, where_clause) = self.generics.split_for_impl();
        let part = Ident::new("part", Span::mixed_site());
        quote! {
            #[automatically_derived]
            impl #for_generics #scope::ScopeKey for #name #generics #where_clause {
                fn scope_key(&self, #part: &mut #scope::ScopePart<'_>) {
                    <#ty as #scope::ScopeKey>::scope_key(&self.#member, #part);
                }
            }
        }
    }
}

fn runtime(attrs: &[Attribute], errors: &mut Errors) -> Path {
    let mut runtime = None;
    for attr in attrs.iter().filter(|it| it.path().is_ident("scope_key")) {
        const HELP: &str = "write `#[scope_key(crate = path::to::idempotent_runtime)]`";
        if attr.meta.require_list().is_err() {
            errors.at(attr, "`scope_key` needs an option", HELP);
            continue;
        }
        let parsed = attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error(format_args!(
                    "`scope_key` has one option, `crate`\nhelp: {HELP}"
                )));
            }
            let path = meta.value()?;
            let path = path.call(Path::parse_mod_style).map_err(|error| {
                syn::Error::new(
                    error.span(),
                    format_args!("`crate` takes a path\nhelp: {HELP}"),
                )
            })?;
            if runtime.replace(path).is_some() {
                return Err(meta.error("`crate` is given twice\nhelp: keep one of them"));
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.push(error);
        }
    }
    runtime.unwrap_or_else(|| parse_quote!(::idempotent_runtime))
}

fn only_field(input: &DeriveInput, errors: &mut Errors) -> Option<(Member, Field)> {
    const BY_HAND: &str = "implement `ScopeKey` by hand, and write what keeps two owners apart";
    match &input.data {
        Data::Struct(DataStruct { fields, .. }) => {
            let mut members = fields.members().zip(fields);
            match (members.next(), members.next()) {
                (Some((member, field)), None) => return Some((member, field.clone())),
                (None, _) => errors.at(
                    &input.ident,
                    "a struct without a field names no owner",
                    "give it the one field that does, such as `struct OrgId(Uuid);`",
                ),
                (Some(_), Some((_, second))) => errors.at(
                    second,
                    "`ScopeKey` is derived for structs of one field",
                    "write a newtype for each part, and name them all: `scope = (org, user)`",
                ),
            }
        }
        Data::Enum(data) => errors.at(
            data.enum_token.to_token_stream(),
            "`ScopeKey` is derived for structs of one field, not for enums",
            BY_HAND,
        ),
        Data::Union(data) => errors.at(
            data.union_token.to_token_stream(),
            "`ScopeKey` is derived for structs of one field, not for unions",
            BY_HAND,
        ),
    }
    None
}

#[cfg(test)]
pub(crate) fn mistakes(item: TokenStream) -> syn::Result<()> {
    syn::parse2(item).and_then(Newtype::validate).map(drop)
}
