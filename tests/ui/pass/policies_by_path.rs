//! Shared policies, by every path that leads to a constant.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idempotent_runtime::Policy;
use idempotent_runtime::axum::idempotent;
use idempotent_runtime::policy::{KeyFormat, Ttl};

const HERE: Policy = Policy::new().ttl(Ttl::days(1));

mod policies {
    use super::Policy;

    pub mod strict {
        use super::Policy;

        pub const PAYMENTS: Policy = Policy::new();
    }

    pub struct Shared;

    impl Shared {
        pub const POLICY: Policy = Policy::new();
    }
}

use policies::strict::PAYMENTS as RENAMED;

trait Protects {
    const POLICY: Policy;
}

struct Refunds;

impl Protects for Refunds {
    const POLICY: Policy = HERE.key_format(KeyFormat::Uuid);
}

struct Tasks;

impl Tasks {
    const POLICY: Policy = HERE;

    #[idempotent(policy = Tasks::POLICY, scope = global)]
    async fn of_its_own_type(body: String) -> String {
        body
    }

    #[idempotent(policy = Tasks::POLICY, scope = global)]
    async fn of_its_own_type_through_self(body: String) -> String {
        let Self = Self;
        body
    }
}

#[idempotent(policy = HERE, scope = global)]
async fn here() {}

#[idempotent(policy = self::policies::strict::PAYMENTS, scope = global)]
async fn in_a_module() {}

#[idempotent(policy = crate::policies::Shared::POLICY, scope = global, ttl = "2h", key = query("k"))]
async fn of_a_type() {}

#[idempotent(policy = Refunds::POLICY, scope = global)]
async fn of_a_trait() {}

#[idempotent(policy = RENAMED, scope = global)]
async fn renamed() {}

fn main() {
    const LOCAL: Policy = Policy::new();

    #[idempotent(policy = LOCAL, scope = global)]
    async fn local() {}

    let _: Router = Router::new()
        .route("/a", post(here))
        .route("/b", post(in_a_module))
        .route("/c", post(of_a_type))
        .route("/d", post(of_a_trait))
        .route("/e", post(renamed))
        .route("/f", post(local))
        .route("/g", post(Tasks::of_its_own_type))
        .route("/h", post(Tasks::of_its_own_type_through_self));
}
