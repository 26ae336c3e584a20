//! A task without anything that a request would say.
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent]
async fn send(id: u64) -> Result<u64, Rejection> {
    Ok(id)
}

fn main() {}
