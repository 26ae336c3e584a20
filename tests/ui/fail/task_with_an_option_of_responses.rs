//! An option of responses on a task.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency, response = buffer)]
async fn send(idempotency: &Idempotency, id: u64) -> Result<u64, Rejection> {
    Ok(id)
}

fn main() {}
