//! Every type that can be a scope, and newtypes that derive it.
#![deny(warnings)]

use std::borrow::Cow;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::post;
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::scope::ScopePart;
use uuid::Uuid;

macro_rules! scopes {
    ($($name:ident: $ty:ty;)*) => {
        $(
            #[idempotent(scope = owner)]
            async fn $name(Extension(owner): Extension<$ty>) {}
        )*

        fn from_a_macro() -> Router {
            Router::new()$(.route(concat!("/", stringify!($name)), post($name)))*
        }
    };
}

scopes! {
    string: String;
    text: &'static str;
    boxed: Box<str>;
    shared: Arc<str>;
    shared_string: Arc<String>;
    borrowed: Cow<'static, str>;
    byte: u8;
    signed: i128;
    size: usize;
    not_zero: NonZero<u32>;
    uuid: Uuid;
    unit_struct: Org;
    named: Account;
    generic: Id<String>;
    nested: Id<Arc<Org>>;
    with_a_lifetime: Name<'static>;
    counted: Words<2>;
    by_hand: Place;
}

#[derive(Clone, ScopeKey)]
struct Org(u64);

#[derive(Clone, ScopeKey)]
struct Account {
    number: String,
}

#[derive(Clone, ScopeKey)]
struct Id<T>(T)
where
    T: Clone;

#[derive(Clone, ScopeKey)]
struct Name<'a> {
    #[allow(dead_code)]
    text: &'a str,
}

#[derive(Clone, ScopeKey)]
struct Words<const N: usize>(Box<str>);

#[derive(ScopeKey)]
struct Unsized<T: ?Sized>(Box<T>);

#[derive(ScopeKey)]
pub(crate) struct Tail<T: ?Sized>(T);

#[derive(ScopeKey)]
#[scope_key(crate = ::idempotent_runtime)]
struct OfOneThread(Rc<str>);

#[derive(ScopeKey)]
struct r#Raw {
    r#type: u8,
}

/// Two fields, written by hand so that no two places are one.
#[derive(Clone)]
struct Place {
    country: [u8; 2],
    city: String,
}

impl ScopeKey for Place {
    fn scope_key(&self, part: &mut ScopePart<'_>) {
        part.write(self.country);
        part.write(&self.city);
    }
}

#[idempotent(scope = NonZero::new(*id).map_or(Rc::<str>::from("none"), |id| Rc::from(id.to_string())))]
async fn made_in_an_expression(Extension(id): Extension<u32>) {}

fn main() {
    fn is_a_scope<T: ScopeKey + ?Sized>() {}
    is_a_scope::<Unsized<str>>();
    is_a_scope::<Tail<str>>();
    is_a_scope::<OfOneThread>();
    is_a_scope::<Raw>();
    let _ = (
        Raw { r#type: 7 },
        Tail(7),
        Unsized(Box::new(7)),
        OfOneThread("".into()),
    );
    let _: Router = from_a_macro().route("/made", post(made_in_an_expression));
}
