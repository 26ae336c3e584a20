//! An option of the derive is misspelt.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
#[scope_key(krate = idempotent_runtime)]
struct Org(u64);

fn main() {}
