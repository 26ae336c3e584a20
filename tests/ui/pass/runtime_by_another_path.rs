//! The runtime through re-exports, by every form of path that `crate` takes.
#![deny(warnings)]

use axum::Router;
use axum::routing::post;

pub mod prelude {
    pub use idempotent_runtime as once;
    pub use idempotent_runtime::axum::idempotent;
}

mod tasks {
    use crate::prelude::{idempotent, once};

    #[idempotent(crate = crate::prelude::once, scope = global)]
    pub async fn through_the_crate(body: String) -> String {
        body
    }

    #[idempotent(crate = super::prelude::once, scope = global)]
    pub async fn through_super(body: String) -> String {
        body
    }

    #[idempotent(crate = self::once, scope = body)]
    pub async fn through_self(body: String) -> String {
        body
    }

    #[idempotent(crate = once, scope = body.len())]
    pub async fn through_a_name(body: String) -> String {
        body
    }

    #[idempotent(crate = ::idempotent_runtime, scope = global)]
    pub async fn as_it_is(body: String) -> String {
        body
    }

    #[derive(once::ScopeKey)]
    #[scope_key(crate = crate::prelude::once)]
    pub struct Org(pub u64);
}

macro_rules! protected {
    ($runtime:path, $name:ident) => {
        #[idempotent_runtime::axum::idempotent(crate = $runtime, scope = global)]
        async fn $name() {}
    };
}

protected!(prelude::once, through_a_macro);

fn main() {
    fn is_a_scope(_: impl idempotent_runtime::ScopeKey) {}
    is_a_scope(tasks::Org(7));
    let _: Router = Router::new()
        .route("/a", post(tasks::through_the_crate))
        .route("/b", post(tasks::through_super))
        .route("/c", post(tasks::through_self))
        .route("/d", post(tasks::through_a_name))
        .route("/e", post(tasks::as_it_is))
        .route("/f", post(through_a_macro));
}
