//! Who is calling.

use axum::http::request::Parts;
use idempotent_runtime::ScopeKey;
use rmcp::ErrorData;
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;

use crate::tools::Tools;

/// An organization. As a scope it keeps its idempotency keys apart from those of others.
#[derive(Clone, Debug, PartialEq, Eq, ScopeKey)]
pub struct Organization(String);

impl Organization {
    /// Whose API key this is. A real application asks its database.
    ///
    /// ```
    /// use mcp_tools::Organization;
    ///
    /// assert!(Organization::of_api_key("acme-demo-key").is_some());
    /// assert!(Organization::of_api_key("nobody's").is_none());
    /// ```
    pub fn of_api_key(api_key: &str) -> Option<Self> {
        let id = match api_key {
            "acme-demo-key" => "acme",
            "globex-demo-key" => "globex",
            _ => return None,
        };
        Some(Self(id.to_owned()))
    }

    pub(crate) fn id(&self) -> &str {
        &self.0
    }
}

/// Makes it an argument of tools. Arguments are extracted before the tool runs, so nothing is looked up for a stranger.
impl FromContextPart<ToolCallContext<'_, Tools>> for Organization {
    fn from_context_part(context: &mut ToolCallContext<'_, Tools>) -> Result<Self, ErrorData> {
        // Over HTTP it is the organization of this very request, not the one that opened the session.
        let request = context.request_context.extensions.get::<Parts>();
        let caller = match request {
            Some(request) => request.extensions.get::<Self>(),
            None => context.service.caller.as_ref(),
        };
        caller
            .cloned()
            .ok_or_else(|| ErrorData::invalid_request("who is calling is not known", None))
    }
}
