//! `ScopeKey` is derived for an empty struct.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Nobody {}

fn main() {}
