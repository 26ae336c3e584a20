//! `ScopeKey` is derived for a struct without a field.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Nobody;

fn main() {}
