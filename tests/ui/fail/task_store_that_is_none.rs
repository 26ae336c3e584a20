//! A task's store that isn't a handle.
use idempotent_runtime::MemoryStore;
use idempotent_runtime::task::{Rejection, idempotent};

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = store)]
async fn send(store: &MemoryStore, id: u64) -> Result<u64, Rejection> {
    Ok(id)
}

fn main() {}
