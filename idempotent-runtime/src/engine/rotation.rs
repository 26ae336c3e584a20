//! Claiming while secrets are rotated, when a record may be found under the identity that each of them gives it.
//!
//! A claim is atomic for one record, but during a rotation a key may have several. So each process loads all of them and
//! claims the existing one, or the current one if there is none. Once it holds that, it loads the others again: of two
//! processes that claimed one key under two secrets, at least one sees the other, and takes its claim back before its
//! handler runs.

use super::{Detach, Entered, Held, Ticket, ask, enter};
use crate::fingerprint::Fingerprint;
use crate::identity::RecordId;
use crate::store::{Record, State, StoreError};

/// What a call is under one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) record: RecordId,
    pub(crate) fingerprint: Fingerprint,
    /// Which of the handle's secrets it was made with; 0 is the current one.
    pub(crate) secret: usize,
}

/// Claims the record under whichever secret it was made, or finds out what it says.
///
/// It may be dropped when [`enter`] may be.
pub(crate) async fn enter_under_any_secret(ticket: &mut Ticket, detach: &Detach) -> Entered {
    if ticket.others.is_empty() {
        return enter(ticket, detach).await;
    }
    match ticket.first_found().await {
        Ok(None) => ticket.choose(|it| it.secret == 0),
        Ok(Some((found, _))) => ticket.choose(|it| *it == found),
        Err(error) => return ticket.without_store(&error, detach),
    }
    let held = match enter(ticket, detach).await {
        Entered::Held(held) => held,
        entered => return entered,
    };
    let elsewhere = match ticket.held_elsewhere(&held).await {
        Ok(None) => return Entered::Held(held),
        Ok(Some(elsewhere)) => Ok(elsewhere),
        Err(error) => Err(error),
    };
    take_back(ticket, held).await;
    detach.dispense();
    if detach.is_cancelled() {
        // Its client left meanwhile: nobody is there to wait for anything.
        return Entered::Refused(ticket.pending());
    }
    match elsewhere {
        Ok((identity, record)) => {
            ticket.choose(|it| *it == identity);
            ticket.wait_and_answer(record).await
        }
        Err(error) => ticket.without_store(&error, detach),
    }
}

/// Takes a claim back under which nothing ran: now, so that the other process's retry finds it gone, or else in the
/// background.
async fn take_back(ticket: &Ticket, held: Held) {
    let claim = ticket.claim_by(held.lease.attempt());
    // Nothing renews it from here on.
    drop(held);
    let withdraw = ticket.idempotency.store().withdraw(claim.clone());
    if ask(&*ticket.idempotency.settings().clock, withdraw)
        .await
        .is_err_and(|error| error.is_unavailable())
    {
        ticket.idempotency.backlog().withdraw(claim);
    }
}

impl Ticket {
    /// Makes the first identity that fits the ticket's own.
    fn choose(&mut self, fits: impl Fn(&Identity) -> bool) {
        let Some(chosen) = self.others.iter_mut().find(|it| fits(it)) else {
            return;
        };
        let before = Identity {
            record: self.record,
            fingerprint: self.fingerprint,
            secret: self.secret,
        };
        let chosen = std::mem::replace(chosen, before);
        (self.record, self.fingerprint, self.secret) =
            (chosen.record, chosen.fingerprint, chosen.secret);
    }

    /// The record that is there, if one is. All processes look in the same order, whichever secret is their current one,
    /// so that of several that were left behind they take over the same.
    async fn first_found(&self) -> Result<Option<(Identity, Record)>, StoreError> {
        let mut identities: Vec<Identity> = self.identities().collect();
        identities.sort_unstable_by_key(|it| it.record);
        for identity in identities {
            if let Some(record) = self.look(&identity).await? {
                return Ok(Some((identity, record)));
            }
        }
        Ok(None)
    }

    /// A record under another identity that stands in the way of the one that is held.
    async fn held_elsewhere(&self, held: &Held) -> Result<Option<(Identity, Record)>, StoreError> {
        for identity in self.others.clone() {
            let Some(record) = self.look(&identity).await? else {
                continue;
            };
            // What was left behind under two identities is taken over under the first, and the second is passed over
            // until it lapses. A key that was just taken anew was free a moment ago under all.
            let is_left_behind = matches!(
                record.state,
                State::Running {
                    abandoned: true,
                    ..
                }
            );
            let is_passed_over = identity.record > self.record && held.abandoned > 0;
            if !(is_left_behind && is_passed_over) {
                return Ok(Some((identity, record)));
            }
        }
        Ok(None)
    }

    async fn look(&self, identity: &Identity) -> Result<Option<Record>, StoreError> {
        let load = self.idempotency.store().load(identity.record);
        ask(&*self.idempotency.settings().clock, load).await
    }

    fn identities(&self) -> impl Iterator<Item = Identity> {
        let own = Identity {
            record: self.record,
            fingerprint: self.fingerprint,
            secret: self.secret,
        };
        std::iter::once(own).chain(self.others.iter().copied())
    }
}
