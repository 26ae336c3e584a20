//! All of them in one process, each under its own prefix.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::Router;
use idempotent_runtime::{BuildError, MemoryStore};

use crate::{Backend, agiled, agrenting, draft, moda, truedy, whet};

/// All APIs over one store, each with a handle of its own.
///
/// # Errors
///
/// If a handle cannot be built.
pub async fn app(store: MemoryStore) -> Result<Router, BuildError> {
    let store = || store.clone();
    let agrenting = agrenting::app(
        Backend::new(),
        agrenting::idempotency(store()).build().await?,
    );
    let whet = whet::app(Backend::new(), whet::idempotency(store()).build().await?);
    let agiled = agiled::app(Backend::new(), agiled::idempotency(store()).build().await?);
    let truedy = truedy::app(Backend::new(), truedy::idempotency(store()).build().await?);
    let moda = moda::app(Backend::new(), moda::idempotency(store()).build().await?);
    let draft = draft::idempotency(store(), "/draft/idempotency");
    let draft = draft::app(Backend::new(), draft.build().await?);
    Ok(Router::new()
        .nest("/agrenting", agrenting)
        .nest("/whet", whet)
        .nest("/agiled", agiled)
        .nest("/truedy", truedy)
        .nest("/moda", moda)
        .nest("/draft", draft))
}

/// One request for each API: where it goes, the header with its key where that is no field of the body, and the body.
const EXAMPLES: [(&str, Option<&str>, &str); 6] = [
    (
        "/agrenting/api/v1/tasks",
        Some("X-Idempotency-Key: 8e03978e-40d5-43e8-bc93-6894a57f9324"),
        r#"{"title": "Sum up the week", "agent": "ada"}"#,
    ),
    (
        "/whet/pipelines/from-intent",
        None,
        r#"{"idempotency_key": "weekly-digest-2026-W17", "intent": "a weekly digest"}"#,
    ),
    (
        "/agiled/public/v1/contacts",
        Some("Idempotency-Key: order-1001-create-contact-v1"),
        r#"{"email": "ada@example.com"}"#,
    ),
    (
        "/truedy/agents",
        Some("X-Idempotency-Key: front-desk"),
        r#"{"name": "Front desk"}"#,
    ),
    (
        "/moda/v1/tasks",
        None,
        r#"{"idempotency_key": "weekly-deck:2026-W17", "prompt": "the weekly deck"}"#,
    ),
    (
        "/draft/orders",
        Some("Idempotency-Key: \"8e03978e-40d5-43e8-bc93-6894a57f9324\""),
        r#"{"item": "kite", "quantity": 1}"#,
    ),
];

/// Where the server listens, and a line for the shell for each API.
pub fn announcement(addr: SocketAddr) -> String {
    let mut text = format!("listening on http://{addr}\n\nSend any of these twice:\n");
    for (path, key, body) in EXAMPLES {
        let key = key.map_or_else(String::new, |key| format!("-H '{key}' "));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\ncurl -i http://{addr}{path} -H 'Authorization: Bearer acme_1' \
             {key}-H 'Content-Type: application/json' -d '{body}'\n"
        );
    }
    text
}
