//! A crate without a prelude, and the runtime under another name.
#![no_implicit_prelude]
#![deny(warnings)]

extern crate idempotent_runtime as renamed;

#[renamed::axum::idempotent(crate = ::renamed, scope = (org, 7), key = (org + 1), ttl = "1h")]
async fn create(::axum::extract::Path(org): ::axum::extract::Path<u64>) -> ::axum::Json<u64> {
    ::axum::Json(org)
}

#[renamed::axum::idempotent(crate = ::renamed, scope = global, release = [429], on_replay = decide)]
async fn replayed() -> ::std::result::Result<(), ::axum::http::StatusCode> {
    ::std::result::Result::Ok(())
}

async fn decide(saved: ::renamed::axum::Saved) -> ::renamed::axum::OnReplay {
    ::std::mem::drop(saved);
    ::renamed::axum::OnReplay::Replay
}

#[renamed::axum::idempotent(
    crate = ::renamed,
    scope = body,
    on_replay = async |saved| {
        ::std::mem::drop((saved, body));
        ::renamed::axum::OnReplay::Forget
    }
)]
async fn lent(body: ::std::string::String) -> ::std::string::String {
    body
}

#[renamed::axum::idempotent(crate = ::renamed, scope = global, response = buffer)]
async fn buffered() -> impl ::axum::response::IntoResponse {}

struct Tasks;

impl Tasks {
    #[renamed::axum::idempotent(crate = ::renamed, scope = org)]
    async fn create(org: ::std::string::String) -> ::std::string::String {
        let Self = Self;
        org
    }
}

#[derive(::renamed::ScopeKey)]
#[scope_key(crate = ::renamed)]
struct Owner<'a, T>(&'a T);

fn main() {
    let _ = Owner(&7_u64);
    let _: ::axum::Router = ::axum::Router::new()
        .route("/{org}", ::axum::routing::post(create))
        .route("/a", ::axum::routing::post(replayed))
        .route("/b", ::axum::routing::post(lent))
        .route("/c", ::axum::routing::post(buffered))
        .route("/d", ::axum::routing::post(Tasks::create));
}
