//! A task's error that can't say that the call was refused.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::idempotent;

struct Failure;

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency)]
async fn send(idempotency: &Idempotency, id: u64) -> Result<u64, Failure> {
    Ok(id)
}

fn main() {}
