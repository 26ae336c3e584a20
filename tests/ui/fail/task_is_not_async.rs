//! A task that isn't async.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency)]
fn send(idempotency: &Idempotency, id: u64) -> Result<u64, Rejection> {
    Ok(id)
}

fn main() {}
