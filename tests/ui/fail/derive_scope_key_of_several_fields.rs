//! A derive for a type that is no newtype.

use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Org {
    region: String,
    id: u64,
}

fn main() {}
