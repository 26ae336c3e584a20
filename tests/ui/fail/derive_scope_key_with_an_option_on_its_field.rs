//! An option of the derive stands on the field.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Org(#[scope_key(skip)] u64);

fn main() {}
