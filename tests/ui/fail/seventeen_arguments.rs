//! The handler has more arguments than axum takes.
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = global)]
async fn create(
    _1: String, _2: String, _3: String, _4: String, _5: String, _6: String, _7: String, _8: String, _9: String,
    _10: String, _11: String, _12: String, _13: String, _14: String, _15: String, _16: String, _17: String,
) {
}

fn main() {}
