//! The attribute is on a trait.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
trait Tasks {
    fn create(body: String) -> String;
}

fn main() {}
