//! A newtype of something that cannot be a scope.

use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Price(f64);

fn main() {}
