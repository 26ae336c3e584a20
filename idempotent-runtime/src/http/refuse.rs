//! Answering a refusal: as problem details, or in the application's own envelope.

use super::{Door, problem};
use crate::idempotency::Idempotency;
use crate::key::IdempotencyKey;
use crate::policy::Policy;
use crate::refusal::Refusal;

/// What is needed to answer a refusal of one request.
pub(crate) struct Refuser<D: Door> {
    /// Whose handler it is; `None` where no handle is installed.
    idempotency: Option<Idempotency>,
    policy: Option<&'static Policy>,
    envelope: Option<D::Envelope>,
    /// What the client sent, where the envelope is given it.
    key: Option<IdempotencyKey>,
}

impl<D: Door> Refuser<D> {
    pub(crate) fn new(
        idempotency: Idempotency,
        policy: &'static Policy,
        envelope: Option<D::Envelope>,
    ) -> Self {
        Self {
            idempotency: Some(idempotency),
            policy: Some(policy),
            envelope,
            key: None,
        }
    }

    /// For a call that has no handle.
    pub(crate) fn without_handle() -> Self {
        Self {
            idempotency: None,
            policy: None,
            envelope: None,
            key: None,
        }
    }

    /// Tells what the client sent as its key.
    pub(super) fn set_key(&mut self, key: &IdempotencyKey) {
        if self.envelope.is_some() {
            self.key = Some(key.clone());
        }
    }

    pub(crate) fn respond(&self, refusal: impl Into<Refusal>) -> D::Response {
        let refusal = refusal.into();
        let settings = self.idempotency.as_ref().map(|it| &it.settings().http);
        let documentation = settings.and_then(|it| it.documentation.as_deref());
        let mut response = match &self.envelope {
            None => problem::write::<D>(refusal, self.policy, documentation),
            Some(envelope) => D::write_refusal(
                envelope,
                refusal.code,
                self.key.as_ref().map(IdempotencyKey::as_str),
            ),
        };
        if D::status(&response) == 200 {
            // No refusal is a success: the envelope left the status to the policy.
            D::set_status(&mut response, refusal.status);
        }
        if let Some(seconds) = refusal.retry_after
            && !D::has_header(&response, "retry-after")
        {
            D::set_header(&mut response, "retry-after", &seconds.to_string());
        }
        if let Some(url) = documentation
            && !D::has_header(&response, "link")
        {
            // The builder has checked that the link can stand in a header.
            let link = format!("<{url}>; rel=\"describedby\"; type=\"text/html\"");
            D::set_header(&mut response, "link", &link);
        }
        response
    }
}
