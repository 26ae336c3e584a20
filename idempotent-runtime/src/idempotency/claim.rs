//! From a request's parts to what it claims.

use std::sync::Arc;

use super::Idempotency;
use crate::digest::Secret;
use crate::engine::{ClaimRequest, Identity};
use crate::fingerprint::Fingerprint;
use crate::identity::Origin;
use crate::operation::OperationName;
use crate::policy::{Mismatch, Policy};
use crate::scope::Scope;
use crate::store::Label;

/// A request's fingerprint under each of the handle's secrets.
#[derive(Debug)]
pub(crate) struct Fingerprints {
    current: Fingerprint,
    earlier: Vec<Fingerprint>,
}

/// What a record is found by.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) origin: Origin,
    pub(crate) operation: &'a OperationName<'a>,
    pub(crate) scope: &'a Scope,
    pub(crate) key: &'a str,
}

impl Idempotency {
    /// Takes a request's fingerprint under each secret.
    pub(crate) fn fingerprints(
        &self,
        print: impl Fn(Option<&Secret>) -> Fingerprint,
    ) -> Fingerprints {
        let secrets = &self.settings().secrets;
        Fingerprints {
            current: print(secrets.current()),
            earlier: secrets.earlier().iter().map(|it| print(Some(it))).collect(),
        }
    }

    /// Makes what a request claims.
    pub(crate) fn claim_request(
        &self,
        policy: &'static Policy,
        found: &Found<'_>,
        fingerprints: &Fingerprints,
    ) -> ClaimRequest {
        let settings = self.settings();
        let record = |secret: Option<&Secret>, fingerprint: &Fingerprint| {
            let separate = (policy.mismatch == Mismatch::Separate).then_some(fingerprint);
            found.operation.record(
                secret,
                &settings.namespace,
                found.origin,
                found.scope,
                found.key,
                separate,
            )
        };
        let secrets = &settings.secrets;
        let earlier = secrets.earlier().iter().zip(&fingerprints.earlier);
        let others = earlier
            .enumerate()
            .map(|(index, (secret, fingerprint))| Identity {
                record: record(Some(secret), fingerprint),
                fingerprint: *fingerprint,
                secret: index + 1,
            });
        ClaimRequest {
            engine: Arc::clone(self.engine()),
            policy,
            record: record(secrets.current(), &fingerprints.current),
            fingerprint: fingerprints.current,
            secret: 0,
            others: others.collect(),
            label: Label::new(Arc::clone(&settings.namespace), found.operation.text()),
        }
    }
}
