//! The shared policy is named through `Self`.
use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;

struct Payments;

impl Payments {
    const POLICY: Policy = Policy::new();

    #[idempotent(scope = global, policy = Self::POLICY)]
    async fn create(body: String) -> String {
        body
    }
}

fn main() {}
