//! The attribute for plain async functions brings no warning, whatever a crate denies.
#![deny(warnings, clippy::pedantic)]

use idempotent_runtime::task::{Attempt, Rejection, idempotent};
use idempotent_runtime::{Idempotency, Policy};

const JOBS: Policy = Policy::new().operation(idempotent_runtime::policy::Operation::Named("jobs"));

#[idempotent(key = id, scope = global, operation = "send", fingerprint = none, store = idempotency)]
async fn send(idempotency: &Idempotency, id: u64) -> Result<String, Rejection> {
    Ok(id.to_string())
}

#[idempotent(
    policy = JOBS,
    key = [Some(id), (id > 9).then_some(id)],
    scope = (tenant, "mail"),
    fingerprint = (tenant, text.len()),
    ttl = "7d",
    pending = wait("5s"),
    abandoned = rerun(3),
    release = failures,
    lease = "10s",
    deadline = "1m",
    mismatch = separate,
    missing = unprotected,
    key_format = any(1..=20),
    store = idempotency,
    crate = idempotent_runtime
)]
async fn everything(
    idempotency: &Idempotency,
    id: u64,
    tenant: &str,
    text: String,
    attempt: Attempt,
) -> Result<(), Rejection> {
    drop(text);
    let _ = attempt.derive("mail");
    Ok(())
}

fn main() {
    let idempotency = Idempotency::disabled();
    let _ = send(&idempotency, 1);
    let _ = everything(&idempotency, 1, "t", String::new());
}
