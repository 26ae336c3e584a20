//! The attribute is on a struct.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
struct Task {
    id: u64,
}

fn main() {}
