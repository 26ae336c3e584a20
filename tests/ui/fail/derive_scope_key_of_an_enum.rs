//! `ScopeKey` is derived for an enum.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
enum Owner {
    Org(u64),
    User(u64),
}

fn main() {}
