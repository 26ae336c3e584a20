//! The generated code, one file for each kind of handler, to be read aloud.

use expect_test::expect_file;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::tokens;
use crate::derive_scope_key::derive;
use crate::expand::protect;
use crate::grammar::spec::Door;

fn pretty(expanded: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(expanded).unwrap())
}

fn axum(options: &str, item: &str) -> String {
    pretty(protect(Door::Axum, tokens(options), &tokens(item)))
}

#[test]
fn handler() {
    let expanded = axum(
        "key = header(\"X-Idempotency-Key\"), scope = org, ttl = \"24h\"",
        "/// Creates a task.
        #[must_use]
        #[tracing::instrument(skip_all)]
        pub async fn create_task(State(app): State<App>, org: OrgId, Json(task): Json<NewTask>) -> Json<Task> {
            Json(app.create(task).await)
        }",
    );
    expect_file!["../../goldens/handler.rs"].assert_eq(&expanded);
}

#[test]
fn attributes() {
    let expanded = axum(
        "scope = global",
        "/// Creates a task.
        #[cfg(unix)]
        #[cfg_attr(docsrs, doc(cfg(unix)))]
        #[cfg_attr(unix, tracing::instrument)]
        #[deprecated]
        #[expect(unused_variables)]
        #[inline]
        #[axum::debug_handler]
        pub(crate) async fn create(task: String) -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/attributes.rs"].assert_eq(&expanded);
}

#[test]
fn result() {
    let expanded = axum(
        "scope = (user.org, user.id)",
        "async fn pay(user: User, body: Bytes) -> Result<(StatusCode, Json<Receipt>), ApiError> {
            receipt(user, body).await
        }",
    );
    expect_file!["../../goldens/result.rs"].assert_eq(&expanded);
}

#[test]
fn patterns() {
    let expanded = axum(
        "scope = (tenant, id), key = &task.request_id",
        "async fn update(State(App { mut db, ref tenant, .. }): State<App>, Path((id, _version)): Path<(u32, u32)>, Json(mut task): Json<Task>) -> StatusCode {
            db.update(id, &mut task).await
        }",
    );
    expect_file!["../../goldens/patterns.rs"].assert_eq(&expanded);
}

#[test]
fn no_argument() {
    let expanded = axum("scope = global", "async fn tick() { count().await; }");
    expect_file!["../../goldens/no_argument.rs"].assert_eq(&expanded);
}

#[test]
fn sixteen_arguments() {
    let arguments: Vec<_> = (1..=16)
        .map(|index| format!("a{index}: A{index}"))
        .collect();
    let item = format!("async fn many({}) {{}}", arguments.join(", "));
    let expanded = axum("scope = (a1, a16)", &item);
    expect_file!["../../goldens/sixteen_arguments.rs"].assert_eq(&expanded);
}

#[test]
fn generics() {
    let expanded = axum(
        "scope = owner",
        "async fn create<'a, O: Owner, const N: usize>(owner: O, Extension(task): Extension<Task<O, N>>, body: impl Body) -> Json<Task<O, N>>
        where
            O: Clone,
        {
            task.create().await
        }",
    );
    expect_file!["../../goldens/generics.rs"].assert_eq(&expanded);
}

#[test]
fn through_self() {
    let expanded = axum(
        "scope = org",
        "/// Creates a task.
        #[rustfmt::skip]
        pub async fn create(org: OrgId, #[allow(unused_mut)] Json(mut task): Json<NewTask>) -> Result<Json<Self>, ApiError> {
            Self::create_from(task).await
        }",
    );
    expect_file!["../../goldens/through_self.rs"].assert_eq(&expanded);
}

#[test]
fn shared_policy() {
    let expanded = axum(
        "policy = policies::PAYMENTS, scope = org, lease = \"10s\"",
        "async fn pay(org: OrgId) -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/shared_policy.rs"].assert_eq(&expanded);
}

#[test]
fn lint() {
    let expanded = axum(
        "scope = global, abandoned = refuse, release = failures",
        "async fn pay() -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/lint.rs"].assert_eq(&expanded);
}

#[test]
fn every_setting() {
    let expanded = axum(
        "key = body(\"/meta/id\"), key_format = ascii(16..=128), ttl = forever, operation = \"pay\", fingerprint = none,
        missing = unprotected, mismatch = reject(409), pending = reject(425), release = [429, 502..=504],
        abandoned = refuse, lease = \"10s\", deadline = \"1m 30s\", scope = global, response = typed, crate = crate::vendored",
        "async fn pay() -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/every_setting.rs"].assert_eq(&expanded);
}

#[test]
fn key_list() {
    let expanded = axum(
        "key = [header(\"Idempotency-Key\"), body(\"idempotency_key\"), event.id, event.meta.key], scope = org",
        "async fn receive(org: OrgId, Json(event): Json<Event>) -> StatusCode { accept(event).await }",
    );
    expect_file!["../../goldens/key_list.rs"].assert_eq(&expanded);
}

#[test]
fn waiting() {
    let waiting = axum(
        "scope = global, fingerprint = json, mismatch = separate, pending = wait(\"5s\")",
        "async fn wait() -> StatusCode { StatusCode::OK }",
    );
    let provisional = axum(
        "scope = global, fingerprint = fields(\"/amount\", \"/items/0\"), pending = provisional(\"250ms\")",
        "async fn provisional() -> StatusCode { StatusCode::OK }",
    );
    let except = axum(
        "scope = global, fingerprint = except(\"/sent_at\")",
        "async fn except() -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/waiting.rs"]
        .assert_eq(&format!("{waiting}\n{provisional}\n{except}"));
}

#[test]
fn on_replay_closure() {
    let expanded = axum(
        "scope = org, on_replay = |saved| async move {
            match app.find(org, task.id).await {
                Ok(Some(_)) => saved.replay(),
                _ => return OnReplay::answer(StatusCode::NOT_FOUND),
            }
        }",
        "async fn create(State(mut app): State<App>, org: OrgId, Json(task): Json<NewTask>) -> Json<Task> {
            app.create(task).await
        }",
    );
    expect_file!["../../goldens/on_replay_closure.rs"].assert_eq(&expanded);
}

#[test]
fn on_replay_async_closure() {
    let expanded = axum(
        "scope = global, on_replay = async |saved: Saved| -> OnReplay { owner.judge(saved).await }",
        "async fn create<O: Owner>(owner: O) -> StatusCode { owner.create().await }",
    );
    expect_file!["../../goldens/on_replay_async_closure.rs"].assert_eq(&expanded);
}

#[test]
fn on_replay_function() {
    let expanded = axum(
        "scope = org, on_replay = replays::rebuild",
        "async fn create(org: OrgId) -> StatusCode { StatusCode::OK }",
    );
    expect_file!["../../goldens/on_replay_function.rs"].assert_eq(&expanded);
}

#[test]
fn on_replay_through_self() {
    let expanded = axum(
        "scope = Self::tenant(org), on_replay = |saved| async move { Self::judge(org, saved).await }",
        "async fn create(org: OrgId) -> Json<Self> { Json(Self::of(org).await) }",
    );
    expect_file!["../../goldens/on_replay_through_self.rs"].assert_eq(&expanded);
}

#[test]
fn raw_identifiers() {
    let expanded = axum(
        "scope = r#type, key = format!(\"{async}\"), policy = r#mod::POLICY, operation = \"match\"",
        "pub async fn r#match<r#T>(r#type: Type<r#T>, Query(r#async): Query<String>) -> r#try::Reply { r#type.reply() }",
    );
    expect_file!["../../goldens/raw_identifiers.rs"].assert_eq(&expanded);
}

/// Tokens as `macro_rules!` passes them on.
fn passed_on(text: &str) -> TokenStream {
    let group = Group::new(Delimiter::None, tokens(text));
    TokenTree::from(group).into()
}

#[test]
fn through_a_macro() {
    let [
        key,
        release,
        lengths,
        pointer,
        scope,
        policy,
        runtime,
        ret,
        body,
    ] = [
        "[header(\"X-Key\"), org.id]",
        "[429, 502..=504]",
        "any(1..=64)",
        "\"/amount\"",
        "(org, 7)",
        "policies::PAYMENTS",
        "crate::vendored",
        "Result<StatusCode, ApiError>",
        "{ pay(org).await }",
    ]
    .map(passed_on);
    let options = quote! {
        key = #key, release = #release, key_format = #lengths, fingerprint = fields(#pointer, "/currency"),
        scope = #scope, policy = #policy, crate = #runtime
    };
    let item = quote!(async fn create(org: Org) -> #ret #body);
    let expanded = pretty(protect(Door::Axum, options, &item));
    expect_file!["../../goldens/through_a_macro.rs"].assert_eq(&expanded);
}

#[test]
fn buffered() {
    let named = axum(
        "scope = global, response = buffer",
        "async fn named() -> Response { respond().await }",
    );
    let unnamed = axum(
        "scope = global, response = buffer",
        "async fn unnamed() -> Result<impl IntoResponse, ApiError> { respond().await }",
    );
    let without_a_name = axum(
        "scope = global, abandoned = rerun(3), response = buffer",
        "async fn without_a_name() -> impl IntoResponse { respond().await }",
    );
    expect_file!["../../goldens/buffered.rs"]
        .assert_eq(&format!("{named}\n{unnamed}\n{without_a_name}"));
}

#[test]
fn scope_keys() {
    let expanded: Vec<String> = [
        "struct OrgId(Uuid);",
        "pub struct Account { number: String }",
        "struct Borrowed<'a>(&'a str);",
        "struct Id<T: ?Sized, const N: usize>(Box<T>) where T: Clone;",
        "#[scope_key(crate = crate::vendored)] struct UserId(u64);",
    ]
    .into_iter()
    .map(|item| pretty(derive(tokens(item))))
    .collect();
    expect_file!["../../goldens/scope_keys.rs"].assert_eq(&expanded.join("\n"));
}
