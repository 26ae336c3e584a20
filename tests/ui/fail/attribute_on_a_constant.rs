//! The attribute is on a constant.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
const LIMIT: usize = 5;

fn main() {}
