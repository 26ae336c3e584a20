//! The scope is a type whose derive has a mistake.
use axum::Extension;
use idempotent_runtime::ScopeKey;
use idempotent_runtime::axum::idempotent;

#[derive(Clone, ScopeKey)]
enum Owner {
    Org(u64),
    User(u64),
}

#[idempotent(scope = owner)]
async fn create(Extension(owner): Extension<Owner>) {
    drop(owner);
}

fn main() {}
