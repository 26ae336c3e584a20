//! The error is a boxed `Error`.
use idempotent_runtime::axum::idempotent;
use std::error::Error;

#[idempotent(scope = global)]
async fn create(body: String) -> Result<String, Box<dyn Error + Send + Sync>> {
    Ok(body)
}

fn main() {}
