//! The answers that are not the handler's: why a call was refused.

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// No key came, and the endpoint asks for one.
    KeyMissing,
    /// What came as a key is none by the endpoint's format.
    KeyInvalid,
    /// The request body is larger than the endpoint reads.
    BodyTooLarge,
    /// The request body could not be read.
    BodyUnreadable,
    /// The key was used for another request.
    Mismatch,
    /// An attempt came before and has no outcome yet.
    Pending,
    /// An attempt ended without an outcome, and the endpoint does not run it again.
    OutcomeUnknown,
    /// The work was done; its outcome was too large to keep.
    OutcomeNotKept,
    /// The store could not be reached.
    StoreUnavailable,
    /// As many attempts run as are allowed.
    Overloaded,
    /// The application is set up wrongly; its log says how.
    Misconfigured,
}

impl Code {
    /// The code that clients read, `idempotency_…`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyMissing => "idempotency_key_missing",
            Self::KeyInvalid => "idempotency_key_invalid",
            Self::BodyTooLarge => "idempotency_body_too_large",
            Self::BodyUnreadable => "idempotency_body_unreadable",
            Self::Mismatch => "idempotency_mismatch",
            Self::Pending => "idempotency_pending",
            Self::OutcomeUnknown => "idempotency_outcome_unknown",
            Self::OutcomeNotKept => "idempotency_outcome_not_kept",
            Self::StoreUnavailable => "idempotency_store_unavailable",
            Self::Overloaded => "idempotency_overloaded",
            Self::Misconfigured => "idempotency_misconfigured",
        }
    }

    /// A short, human-readable summary that is the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::KeyMissing => "Idempotency key missing",
            Self::KeyInvalid => "Idempotency key invalid",
            Self::BodyTooLarge => "Request body too large",
            Self::BodyUnreadable => "Request body unreadable",
            Self::Mismatch => "Idempotency key used for another request",
            Self::Pending => "No outcome yet",
            Self::OutcomeUnknown => "Outcome unknown",
            Self::OutcomeNotKept => "Outcome not kept",
            Self::StoreUnavailable => "Idempotency store unavailable",
            Self::Overloaded => "Too many requests running",
            Self::Misconfigured => "Internal server error",
        }
    }

    /// What happened and what a client can do. It never depends on what is stored.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::KeyMissing => {
                "This operation needs an idempotency key. Send one, and send the same one with every retry."
            }
            Self::KeyInvalid => {
                "The idempotency key is malformed, too short or too long, came more than once, or came in two places that differ."
            }
            Self::BodyTooLarge => "The request body is larger than this operation accepts.",
            Self::BodyUnreadable => "The request body did not arrive whole. Nothing was done.",
            Self::Mismatch => {
                "This idempotency key came before with another request. Use a new key for a new request."
            }
            Self::Pending => {
                "A request with this idempotency key came before and has no outcome yet. Retry later with the same key."
            }
            Self::OutcomeUnknown => {
                "A request with this idempotency key ended without an outcome; its effects are unknown. It is not run again under this key unless somebody settles what became of it."
            }
            Self::OutcomeNotKept => {
                "The request with this idempotency key was processed; its outcome was too large to keep and cannot be sent again."
            }
            Self::StoreUnavailable | Self::Overloaded => {
                "The request was not processed. Retry later with the same idempotency key."
            }
            Self::Misconfigured => "The request was not processed.",
        }
    }

    /// The HTTP status that goes with it, unless the endpoint's policy says another.
    pub const fn status(self) -> u16 {
        match self {
            Self::KeyMissing | Self::KeyInvalid | Self::BodyUnreadable => 400,
            Self::Pending | Self::OutcomeUnknown | Self::OutcomeNotKept => 409,
            Self::BodyTooLarge => 413,
            Self::Mismatch => 422,
            Self::Misconfigured => 500,
            Self::StoreUnavailable | Self::Overloaded => 503,
        }
    }

    const fn retry_after(self) -> Option<u16> {
        match self {
            // The same for everybody: a number taken from the record would tell how long the first request has run.
            Self::Pending | Self::StoreUnavailable | Self::Overloaded => Some(1),
            _ => None,
        }
    }
}

/// A refusal with the status that the endpoint gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) status: u16,
    /// Seconds.
    pub(crate) retry_after: Option<u16>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self {
            code,
            status: code.status(),
            retry_after: code.retry_after(),
        }
    }
}

impl Refusal {
    pub(crate) fn with_status(code: Code, status: u16) -> Self {
        Self {
            status,
            ..code.into()
        }
    }
}
