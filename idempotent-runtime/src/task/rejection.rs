//! Why a call did not run.

use crate::refusal::{Code, Refusal};

/// A call that did not run, and has no recorded value to give.
///
/// ```
/// use idempotent_runtime::Code;
/// use idempotent_runtime::task::Rejection;
///
/// fn retries(rejection: Rejection) -> bool {
///     // Another delivery is at work, or the store can't be reached: deliver it again later.
///     rejection.is_retriable()
/// }
/// # let _ = (retries, Code::Pending);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", code.as_str(), code.detail())]
pub struct Rejection {
    code: Code,
}

impl Rejection {
    pub(crate) fn new(code: Code) -> Self {
        Self { code }
    }

    /// Why.
    pub fn code(self) -> Code {
        self.code
    }

    /// Whether the same call may succeed later: another attempt is running, or the store could not be reached, or as many
    /// attempts run as may.
    pub fn is_retriable(self) -> bool {
        matches!(
            self.code,
            Code::Pending | Code::StoreUnavailable | Code::Overloaded
        )
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code)
    }
}
