//! Renewals on their way to the store.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{BATCH, FEWER, Inner};
use crate::engine::Lease;
use crate::engine::steps::{silence, within};
use crate::store::{Fence, Renewal};

pub(super) const UNPOLLED: u8 = 0;
pub(super) const POLLED: u8 = 1;
/// It was dropped before it was polled: its runtime has ended.
const DROPPED: u8 = 2;

/// Renewals on their way to the store.
pub(super) struct Sending {
    pub(super) inner: Weak<Inner>,
    pub(super) leases: Vec<Arc<Lease>>,
    pub(super) sent: Duration,
    pub(super) progress: Arc<AtomicU8>,
}

impl Sending {
    pub(super) async fn send(mut self) {
        self.progress.store(POLLED, Ordering::Relaxed);
        // It may have waited for a blocked runtime. What ended meanwhile must not be renewed.
        self.leases.retain(|lease| lease.slot().is_taken());
        let Some(first) = self.leases.first() else {
            return;
        };
        if first.clock().monotonic() > self.sent + first.length() / 6 {
            return;
        }
        let renewals = self
            .leases
            .iter()
            .map(|lease| Renewal::new(lease.record(), lease.attempt(), lease.length()));
        let answers = first.store().renew_all(renewals.collect());
        // By then it has been sent again twice, on other connections.
        let answers = within(first.clock(), first.length() / 6, answers).await;
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let Some(answers) = answers else {
            inner.part(&self.leases);
            inner.complain(first, &silence());
            return;
        };
        if answers.iter().any(Result::is_err) {
            inner.part(&self.leases);
        }
        for (lease, answer) in self.leases.iter().zip(answers) {
            match answer {
                Ok(Fence::Held) => self.renewed(&inner, lease),
                Ok(Fence::Lost) => lost(&inner, lease),
                Err(error) => inner.complain(lease, &error),
            }
        }
    }

    fn renewed(&self, inner: &Inner, lease: &Arc<Lease>) {
        lease.renewed(self.sent);
        if let Some(beat) = inner.lock().of(lease) {
            beat.next = beat.next.max(self.sent + lease.length() / 3);
            beat.together = beat
                .together
                .max(self.leases.len().saturating_mul(FEWER))
                .min(BATCH);
        }
    }
}

/// A task that was never polled was spawned on a runtime that has ended.
impl Drop for Sending {
    fn drop(&mut self) {
        if self
            .progress
            .compare_exchange(UNPOLLED, DROPPED, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
            && let Some(inner) = self.inner.upgrade()
        {
            inner.take_another_runtime(&mut inner.lock());
        }
    }
}

fn lost(inner: &Inner, lease: &Arc<Lease>) {
    let taken_out = inner.lock().take_out(lease);
    if taken_out.is_none() {
        // Its attempt has ended, and told the record so while the renewal was on its way.
        return;
    }
    tracing::warn!(record = %lease.record(), "the attempt lost its record; its outcome will not be kept");
    lease.tell_lost();
}
