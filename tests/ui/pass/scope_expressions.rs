//! Scopes by every kind of expression over arguments.
#![deny(warnings)]
#![allow(clippy::needless_borrow)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::post;
use idempotent_runtime::axum::idempotent;
use uuid::Uuid;

#[derive(Clone)]
struct User {
    org: Org,
    id: u64,
    name: String,
    email: Option<String>,
    roles: Vec<Arc<str>>,
    limits: [u32; 3],
    settings: HashMap<&'static str, String>,
    shard: (u8, Uuid),
    title: Cow<'static, str>,
}

#[derive(Clone)]
struct Org {
    id: Uuid,
}

impl Org {
    const ROOT: &'static str = "root";

    fn id(&self) -> Uuid {
        self.id
    }

    fn in_region(&self, region: &str) -> String {
        format!("{region}{}", self.id)
    }
}

fn owner(user: &User) -> &str {
    &user.name
}

fn first_of<T: Clone>(values: &[T], otherwise: T) -> T {
    values.first().cloned().unwrap_or(otherwise)
}

const SUFFIX: &str = "eu";
const FIRST: usize = 0;

macro_rules! scopes {
    ($user:ident; $($name:ident $scope:expr;)*) => {
        $(
            #[idempotent(scope = $scope)]
            async fn $name(Extension($user): Extension<User>) {
                drop($user);
            }
        )*

        fn from_a_macro() -> Router {
            Router::new()$(.route(concat!("/m/", stringify!($name)), post($name)))*
        }
    };
}

scopes! {
    user;
    field user.id;
    nested_field user.org.id;
    tuple_field user.shard.1;
    method user.org.id();
    method_with_arguments user.org.in_region(SUFFIX);
    chain user.name.trim().trim_end_matches('.').to_lowercase();
    reference &user.name;
    reference_to_a_reference &&user.id;
    dereference *user.title;
    dereferenced_field (*user).id;
    index user.limits[0];
    index_of_a_map user.settings["region"];
    index_by_a_constant user.limits[FIRST];
    slice user.name[..1];
    slice_by_a_reference &user.name[..1];
    sum user.id + 1;
    shift user.id << 8 | u64::from(user.shard.0);
    negated !user.id;
    cast user.id as u128;
    cast_of_a_sum (user.id + 1) as i64;
    parenthesised (user.id);
    call owner(user);
    call_of_a_reference owner(&user);
    generic_call first_of::<u32>(&user.limits, 7);
    associated Org::id(&user.org);
    qualified <str as ToOwned>::to_owned(&user.name);
    closure user.roles.iter().map(|role| role.len()).sum::<usize>();
    closure_with_a_pattern user.settings.iter().map(|(name, &ref value)| name.len() + value.len()).max().unwrap_or(0);
    closure_that_shadows user.email.as_ref().map_or("nobody", |user| user.as_str());
    closure_in_a_block user.roles.iter().fold(String::new(), |mut all, role| { all.push_str(role); all });
    formatted format!("{}/{}", user.org.id, user.id);
    formatted_by_name format!("{id}-{org}", id = user.id, org = Org::ROOT);
    concatenated [user.name.as_str(), SUFFIX].concat();
    one_of_two if user.id > 0 { user.name.as_str() } else { Org::ROOT };
    one_of_several match user.email { Some(ref email) => email.as_str(), None => SUFFIX };
    let_else { let Some(email) = &user.email else { panic!("nobody") }; email };
    block { let id = user.org.id; id.as_u128() };
    a_struct Org { id: user.org.id }.id;
    loop_with_a_value loop { break user.id };
    labeled 'found: { for role in &user.roles { if role.len() > 3 { break 'found &**role; } } "none" };
    unsafely unsafe { user.name.get_unchecked(..0) };
    constant_block user.id + const { 1 + 2 };
    through_a_function (|id: u64| id.to_string())(user.id);
}

#[idempotent(scope = format!("{org}/{user:?}/{0:>1$}", user, 8))]
async fn names_in_a_format(Extension(org): Extension<u64>, Extension(user): Extension<String>) {}

#[idempotent(scope = format!("{{org}} {user}"))]
async fn braces_in_a_format(
    Extension(org): Extension<u64>,
    Extension(user): Extension<String>,
) -> String {
    format!("{org}{user}")
}

#[idempotent(scope = (org, SUFFIX, user, "tasks", 7, org + 1, user.len()))]
async fn tuple(Extension(org): Extension<u64>, Extension(user): Extension<String>) {}

#[idempotent(scope = (user.as_str(),))]
async fn tuple_of_one(Extension(user): Extension<String>) {}

#[idempotent(scope = ((org, user).1))]
async fn field_of_a_tuple(Extension(org): Extension<u64>, Extension(user): Extension<String>) {}

fn main() {
    let _: Router = from_a_macro()
        .route("/a", post(names_in_a_format))
        .route("/b", post(braces_in_a_format))
        .route("/c", post(tuple))
        .route("/d", post(tuple_of_one))
        .route("/e", post(field_of_a_tuple));
}
