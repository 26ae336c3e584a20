//! A task's value that can be written and not read.
use idempotent_runtime::Idempotency;
use idempotent_runtime::task::{Rejection, idempotent};
use serde::Serialize;

#[derive(Serialize)]
struct Receipt;

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency)]
async fn send(idempotency: &Idempotency, id: u64) -> Result<Receipt, Rejection> {
    Ok(Receipt)
}

fn main() {}
