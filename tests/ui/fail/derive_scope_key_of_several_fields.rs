//! `ScopeKey` is derived for a struct of several fields.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Org {
    region: String,
    id: u64,
}

fn main() {}
