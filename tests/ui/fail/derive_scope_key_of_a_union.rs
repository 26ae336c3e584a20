//! `ScopeKey` is derived for a union.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
union Owner {
    org: u64,
    user: u64,
}

fn main() {}
