//! A shared policy keeps outcomes for no time.
use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::Ttl;

const HURRY: Policy = Policy::new().ttl(Ttl::days(0));

#[idempotent(scope = global, policy = HURRY)]
async fn create(body: String) -> String {
    body
}

fn main() {}
