//! `ScopeKey` is derived for a newtype of a float.
use idempotent_runtime::ScopeKey;

#[derive(ScopeKey)]
struct Price(f64);

fn main() {}
