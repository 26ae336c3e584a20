//! The scope is a newtype without `#[derive(ScopeKey)]`.
use axum::Extension;
use idempotent_runtime::axum::idempotent;

#[derive(Clone)]
struct OrgId(u64);

#[idempotent(scope = org)]
async fn create(Extension(org): Extension<OrgId>) -> String {
    org.0.to_string()
}

fn main() {}
