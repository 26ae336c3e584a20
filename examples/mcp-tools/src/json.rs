//! A tool's result.

use rmcp::ErrorData;
use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::model::{CallToolResponse, CallToolResult};
use serde::{Deserialize, Serialize};

/// A tool's structured result, which a record can keep.
///
/// rmcp's own `Json` doesn't implement `Serialize` and `Deserialize`, so it can't be recorded. This one has the same name
/// on purpose: `#[tool]` looks for that name to publish the schema of what is inside.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoCallToolResult for Json<T> {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        let value = serde_json::to_value(self.0)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        Ok(CallToolResult::structured(value).into())
    }
}
