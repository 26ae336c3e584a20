//! A status among what gives a task's key back.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency, release = [503])]
async fn send(idempotency: &Idempotency, id: u64) -> Result<u64, Rejection> {
    Ok(id)
}

fn main() {}
