//! The handler holds something across an `.await` that cannot leave its thread.
use std::rc::Rc;

use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(body: String) -> String {
    let shared = Rc::new(body);
    std::future::ready(()).await;
    shared.to_string()
}

fn main() {}
