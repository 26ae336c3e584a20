//! A handler that names `Self` has an attribute of its own.
use idempotent_runtime::axum::idempotent;

struct Tasks;

impl Tasks {
    const LIMIT: usize = 5;

    #[idempotent(scope = global)]
    #[tracing::instrument(skip_all)]
    async fn create(mut body: String) -> String {
        body.truncate(Self::LIMIT);
        body
    }
}

fn main() {}
