//! What a tool says when it can't do what it was asked to.

use idempotent_runtime::Code;
use idempotent_runtime::task::{PublishError, Rejection};
use rmcp::ErrorData;
use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, MetaObject};

/// Why a tool has no result.
///
/// It can't be recorded, so every failure gives the key back: a retry with the same key runs again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("{}", advice(.0.code()))]
    Refused(#[from] Rejection),
    #[error("There is no artifact `{0}`. `list_artifacts` shows those that exist.")]
    NoArtifact(String),
    #[error("The server failed. Call again with the same `idempotency_key` and arguments.")]
    Failed,
}

impl ToolError {
    /// For programs; a model reads the text.
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(rejection) => rejection.code().as_str(),
            Self::NoArtifact(_) => "not_found",
            Self::Failed => "failed",
        }
    }
}

impl From<sqlx::Error> for ToolError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a tool failed");
        Self::Failed
    }
}

impl From<PublishError> for ToolError {
    fn from(error: PublishError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a run was not shown"
        );
        Self::Failed
    }
}

/// A tool error rather than a protocol error: clients show it to the model, which can then do what it says.
impl IntoCallToolResult for ToolError {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        let mut result = CallToolResult::error(vec![ContentBlock::text(self.to_string())]);
        let mut meta = MetaObject::default();
        meta.insert("code".to_owned(), self.code().into());
        result.meta = Some(meta);
        Ok(result.into())
    }
}

/// What a model is told when its call is refused: what happened, and what to do about it.
///
/// ```
/// use idempotent_runtime::Code;
///
/// assert!(mcp_tools::advice(Code::Pending).contains("same `idempotency_key`"));
/// ```
pub fn advice(code: Code) -> &'static str {
    match code {
        Code::KeyMissing => {
            "Nothing was done: this tool needs an `idempotency_key`. Make one up for what you intend to do, such as a \
             UUID, and call again with it. Keep it for retries."
        }
        Code::KeyInvalid => {
            "Nothing was done: the idempotency key must be 16 to 128 ASCII characters, and the same wherever the \
             request has it. Call again with such an `idempotency_key`, such as a UUID."
        }
        Code::Mismatch => {
            "Nothing was done: this `idempotency_key` was used before with other arguments. To retry that call, repeat \
             its arguments exactly. To request something else, call again with a new key."
        }
        Code::Pending => {
            "The first call with this key is still running. Wait a few seconds, then call again with the same \
             `idempotency_key` and arguments to get its result. A new key would do it twice."
        }
        Code::OutcomeUnknown => {
            "An earlier call with this key was interrupted, and nobody knows whether it took effect. Don't call again \
             with a new key: that may do it twice. Look with `list_artifacts`, or ask the user."
        }
        Code::OutcomeNotKept => {
            "This was done, but its result is not available any more. Don't do it again. Look with `list_artifacts`."
        }
        Code::StoreUnavailable | Code::Overloaded => {
            "Nothing was done: the server is busy. Wait a few seconds, then call again with the same \
             `idempotency_key` and arguments."
        }
        _ => "Nothing was done: the server is set up wrongly. Tell the user.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_told_to_keep_the_key_where_a_retry_helps() {
        for code in [Code::Pending, Code::StoreUnavailable, Code::Overloaded] {
            let advice = advice(code);
            assert!(advice.contains("Wait a few seconds"), "{advice}");
            assert!(advice.contains("same `idempotency_key`"), "{advice}");
        }
    }

    #[test]
    fn a_model_is_told_not_to_call_again_where_it_may_have_been_done() {
        for code in [Code::OutcomeUnknown, Code::OutcomeNotKept] {
            let advice = advice(code);
            assert!(advice.contains("Don't"), "{advice}");
            assert!(advice.contains("`list_artifacts`"), "{advice}");
        }
    }

    #[test]
    fn a_model_is_told_to_take_a_key_where_it_had_no_good_one() {
        for code in [Code::KeyMissing, Code::KeyInvalid, Code::Mismatch] {
            let advice = advice(code);
            assert!(advice.starts_with("Nothing was done"), "{advice}");
            assert!(
                advice.to_lowercase().contains("call again with"),
                "{advice}"
            );
        }
    }
}
