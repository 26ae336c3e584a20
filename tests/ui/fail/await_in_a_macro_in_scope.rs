//! `.await` stands in a macro in the scope.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = format!("{}", org.parent().await))]
async fn create(org: String, body: String) -> String {
    org + &body
}

fn main() {}
