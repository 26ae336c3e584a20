//! What the steps on servers have in common.

use crate::store::Fence;

/// How often a claim looks at a record that others change at the same time.
pub(in crate::store) const LOOKS: usize = 16;

/// The record changed at every look.
#[derive(Debug, thiserror::Error)]
#[error("the record changed at each of {LOOKS} looks")]
pub(in crate::store) struct KeptChanging;

/// The answer of a step that changes the row if the attempt holds it.
pub(in crate::store) fn fence(changed_rows: u64) -> Fence {
    if changed_rows == 0 {
        Fence::Lost
    } else {
        Fence::Held
    }
}

/// Implements `Store` for a store whose field `shared` carries out the steps: each step becomes the values of its
/// statement's parameters.
macro_rules! sql_store {
    ($store:ty) => {
        const _: () = {
            use crate::identity::{AttemptId, RecordId};
            use crate::outcome::Outcome;
            use crate::store::sql::arguments::{self, Argument};
            use crate::store::{
                Claim, Claimed, Completion, Fence, List, Page, Record, Renewal, RenewalsFuture,
                Resolution, Store, StoreFuture, Survives,
            };

            impl Store for $store {
                fn claim(&self, claim: Claim) -> StoreFuture<'_, Claimed> {
                    Box::pin(self.shared.claim(claim))
                }

                fn withdraw(&self, claim: Claim) -> StoreFuture<'_, Fence> {
                    Box::pin(self.shared.withdraw(claim))
                }

                fn renew(
                    &self,
                    record: RecordId,
                    attempt: AttemptId,
                    lease: std::time::Duration,
                ) -> StoreFuture<'_, Fence> {
                    Box::pin(self.shared.renew(Renewal::new(record, attempt, lease)))
                }

                fn renew_all(&self, renewals: Vec<Renewal>) -> RenewalsFuture<'_> {
                    Box::pin(self.shared.renew_all(renewals))
                }

                fn publish(
                    &self,
                    record: RecordId,
                    attempt: AttemptId,
                    outcome: Outcome,
                ) -> StoreFuture<'_, Fence> {
                    let mut values = arguments::held(record, attempt);
                    values.extend(arguments::outcome(Some(&outcome)));
                    Box::pin(self.shared.fenced(|it| &it.publish, values))
                }

                fn complete(
                    &self,
                    record: RecordId,
                    attempt: AttemptId,
                    completion: Completion,
                ) -> StoreFuture<'_, Fence> {
                    let mut values = arguments::held(record, attempt);
                    values.extend(arguments::done(&completion));
                    Box::pin(self.shared.fenced(|it| &it.complete, values))
                }

                fn release(&self, record: RecordId, attempt: AttemptId) -> StoreFuture<'_, Fence> {
                    let values = arguments::held(record, attempt);
                    Box::pin(self.shared.fenced(|it| &it.release, values))
                }

                fn load(&self, record: RecordId) -> StoreFuture<'_, Option<Record>> {
                    Box::pin(self.shared.load(record))
                }

                fn forget(&self, record: RecordId, seen: AttemptId) -> StoreFuture<'_, Fence> {
                    let values = arguments::held(record, seen);
                    Box::pin(self.shared.fenced(|it| &it.forget, values))
                }

                fn resolve(
                    &self,
                    record: RecordId,
                    seen: AttemptId,
                    attempt: AttemptId,
                    resolution: Resolution,
                ) -> StoreFuture<'_, Fence> {
                    let mut values = arguments::held(record, seen);
                    values.push(Argument::bytes(attempt.as_bytes()));
                    values.extend(arguments::resolved(&resolution));
                    Box::pin(self.shared.fenced(|it| &it.resolve, values))
                }

                fn list(&self, list: List) -> StoreFuture<'_, Page> {
                    Box::pin(self.shared.list(list))
                }

                fn sweep(&self, limit: usize) -> StoreFuture<'_, usize> {
                    Box::pin(self.shared.sweep(limit))
                }

                fn survives(&self) -> StoreFuture<'_, Survives> {
                    Box::pin(self.shared.survives())
                }
            }
        };
    };
}

pub(in crate::store) use sql_store;
