//! Where a call's idempotency key is.

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use schemars::JsonSchema;
use serde::Deserialize;

/// The arguments of a tool that changes something: its own input, and the key.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Keyed<T> {
    /// A text of your choice that names what you intend to do: 16 to 128 ASCII characters, such as a UUID. Always send
    /// one. When you retry, send the same key with the same arguments: you get the first call's result, and nothing is
    /// done twice. For anything else, take a new key.
    // Optional for the sake of clients that send it as metadata.
    #[schemars(length(min = 16, max = 128))]
    pub(crate) idempotency_key: Option<String>,
    /// Protocols on top of MCP, such as UCP, put it here. Models need not know.
    #[serde(default)]
    #[schemars(skip)]
    pub(crate) meta: Meta,
    #[serde(flatten)]
    pub(crate) input: T,
}

/// Metadata in which there may be a key: that of the request, `_meta`, or an argument named `meta`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(rename = "idempotency-key")]
    pub(crate) idempotency_key: Option<String>,
}

/// The request's `_meta`.
impl<C: AsRequestContext> FromContextPart<C> for Meta {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let meta = &context.as_request_context().meta;
        let Some(key) = meta.get("idempotency-key") else {
            return Ok(Self::default());
        };
        let key = key.as_str().ok_or_else(|| {
            ErrorData::invalid_params("`_meta[\"idempotency-key\"]` must be a string", None)
        })?;
        Ok(Self {
            idempotency_key: Some(key.to_owned()),
        })
    }
}
