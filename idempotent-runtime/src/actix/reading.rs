//! Reading a request up to its handler's last argument.

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use bytes::Bytes;

use super::arguments::{Arguments, Payloads, extract};
use super::attempt::Attempt;
use super::captured::{Captured, Received};
use super::door::{Actix, enveloped};
use super::head::ActixHead;
use super::install::installed;
use super::payload::{SharedPayload, payload_of};
use super::run::Call;
use crate::http as core;
use crate::policy::Policy;

/// The limit where the policy doesn't say otherwise; it is axum's as well.
const DEFAULT_LIMIT: usize = 2 * 1024 * 1024;

/// Reads the request, and extracts the arguments from it.
pub async fn receive<F: Arguments, L: FromRequest>(
    captured: Captured<F, L>,
    policy: &'static Policy,
) -> Received<F, L> {
    let Captured {
        request, payload, ..
    } = captured;
    let limit = policy.max_body.unwrap_or(DEFAULT_LIMIT);
    let payloads = Payloads(SharedPayload::new(payload, limit));
    let front = match F::extract(&request, &payloads).await {
        Ok(front) => front,
        Err(error) => return Received::Answered(HttpResponse::from_error(error)),
    };
    let (call, payload) = match read(&request, payloads.0, policy).await {
        Ok(read) => read,
        Err(answer) => return Received::Answered(answer),
    };
    let last = extract(&request, payload).await;
    Attempt::seal(&request);
    match last {
        Ok(last) => Received::Run(call, request, front, last),
        Err(error) => Received::Answered(HttpResponse::from_error(error)),
    }
}

/// The call, and the payload for the last argument. `Err` is the answer.
async fn read(
    request: &HttpRequest,
    payload: SharedPayload,
    policy: &'static Policy,
) -> Result<(Call, dev::Payload), HttpResponse> {
    let head = ActixHead::new(request);
    let received = core::receive::<Actix>(
        &head,
        policy,
        installed(request).as_ref(),
        |idempotency| enveloped(idempotency, request),
        "add `.app_data(Idempotency::new(store))` or `.wrap(Idempotency::new(store))` to its application",
    );
    let reading = match received {
        core::Received::Reading(reading) => reading,
        core::Received::Refused(response) => return Err(response),
        core::Received::Unprotected => return Ok((Call::unprotected(), payload.into_payload())),
    };
    let bytes: Bytes = match payload.read().await {
        Ok(bytes) => bytes,
        Err(code) => return Err(reading.refuse(code)),
    };
    let attempt = Attempt::of(request).shared().clone();
    let claimable = reading.read(&head, bytes.clone(), attempt).await;
    Ok((Call::claimable(claimable), payload_of(bytes)))
}
