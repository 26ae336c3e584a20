//! A handler that cannot leave its thread.
use idempotent_runtime::axum::idempotent;

use std::rc::Rc;

#[idempotent(scope = global)]
async fn create(body: String) -> String {
    let shared = Rc::new(body);
    std::future::ready(()).await;
    shared.to_string()
}

fn main() {}
