//! Which extractors read the body.

use syn::{GenericArgument, Ident, PathArguments, Type};

/// The name of an extractor of axum's that reads the body, if the type is called as one. A `String` or a `Request` in
/// front of other arguments may be the application's own; whether those are extractors the router judges.
pub(crate) fn reads_body(ty: &Type) -> Option<&Ident> {
    const READERS: [&str; 5] = ["Bytes", "Form", "Json", "Multipart", "RawForm"];
    let path = match ty {
        Type::Group(group) => return reads_body(&group.elem),
        Type::Paren(paren) => return reads_body(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let last = path.segments.last()?;
    if READERS.iter().any(|reader| last.ident == reader) {
        return Some(&last.ident);
    }
    match &last.arguments {
        PathArguments::AngleBracketed(types)
            if last.ident == "Option" || last.ident == "Result" =>
        {
            match types.args.first()? {
                GenericArgument::Type(within) => reads_body(within),
                _ => None,
            }
        }
        _ => None,
    }
}
