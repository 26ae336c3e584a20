//! A task's key in a header.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent(key = header("Idempotency-Key"), scope = global, operation = "send", fingerprint = none, store = idempotency)]
async fn send(idempotency: &Idempotency) -> Result<u64, Rejection> {
    Ok(1)
}

fn main() {}
