//! The scope is a map.
use std::collections::HashMap;

use axum::Json;
use idempotent_runtime::axum::idempotent;

#[idempotent(scope = claims)]
async fn create(Json(claims): Json<HashMap<String, String>>) -> String {
    claims.len().to_string()
}

fn main() {}
