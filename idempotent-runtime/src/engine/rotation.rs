//! Claiming while secrets are rotated, when a record may be found under the identity that each of them gives it.
//!
//! A claim is atomic for one record, but during a rotation a key may have several. So each process loads all of them and
//! claims the existing one, or the current one if there is none. Once it holds that, it loads the others again: of two
//! processes that claimed one key under two secrets, at least one sees the other, and takes its claim back before its
//! handler runs.

use futures_util::future::join_all;

use super::cancel::Cancel;
use super::complaints::Failed;
use super::steps::ask;
use super::steps::{CLAIM_PATIENCE, send_twice};
use super::{ClaimRequest, Entered, Held, enter};
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
pub(crate) async fn enter_under_any_secret(request: &mut ClaimRequest, cancel: &Cancel) -> Entered {
    if request.others.is_empty() {
        return enter(request, cancel).await;
    }
    match request.first_found().await {
        Ok(None) => request.choose(|it| it.secret == 0),
        Ok(Some((found, _))) => request.choose(|it| *it == found),
        Err(error) => return request.without_store(&error, cancel),
    }
    let held = match enter(request, cancel).await {
        Entered::Held(held) => held,
        entered => return entered,
    };
    let elsewhere = match request.held_elsewhere(&held).await {
        Ok(None) => return Entered::Held(held),
        Ok(Some(elsewhere)) => Ok(elsewhere),
        Err(error) => Err(error),
    };
    take_back(request, held).await;
    cancel.allow();
    if cancel.has_come() {
        // Its client left meanwhile: nobody is there to wait for anything.
        return Entered::Refused(request.pending());
    }
    match elsewhere {
        Ok((identity, record)) => {
            request.choose(|it| *it == identity);
            request.wait_and_answer(record).await
        }
        Err(error) => request.without_store(&error, cancel),
    }
}

/// Takes a claim back under which nothing ran: now, so that the other process's retry finds it gone, or else in the
/// background.
async fn take_back(request: &ClaimRequest, held: Held) {
    let claim = request.claim_by(held.lease.attempt());
    // Nothing renews it from here on.
    drop(held);
    let withdraw = request.engine.store().withdraw(claim.clone());
    if ask(request.engine.clock(), withdraw)
        .await
        .is_err_and(|error| error.is_unavailable())
    {
        request.engine.backlog.withdraw(claim);
    }
}

impl ClaimRequest {
    /// Makes the first identity that fits the request's own.
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

    /// The record that is there, if one is: one with an outcome rather than one that runs, and that rather than one that was
    /// left behind. All processes look at equals in the same order, whichever secret is their current one, so that of several
    /// that were left behind they take over the same.
    async fn first_found(&self) -> Result<Option<(Identity, Record)>, StoreError> {
        let found = self.look(self.identities()).await?;
        let first = found
            .into_iter()
            .min_by_key(|(identity, record)| (rank(record), identity.record));
        Ok(first)
    }

    /// A record under another identity that stands in the way of the one that is held.
    async fn held_elsewhere(&self, held: &Held) -> Result<Option<(Identity, Record)>, StoreError> {
        let found = self.look(self.others.iter().copied()).await?;
        // What was left behind under two identities is taken over under the first, and the second is passed over until it
        // lapses. A key that was just taken anew was free a moment ago under all.
        let elsewhere = found.into_iter().find(|(identity, record)| {
            let is_passed_over = identity.record > self.record && held.abandoned > 0;
            !(is_left_behind(record) && is_passed_over)
        });
        Ok(elsewhere)
    }

    /// The records that there are under these identities.
    async fn look(
        &self,
        identities: impl Iterator<Item = Identity>,
    ) -> Result<Vec<(Identity, Record)>, StoreError> {
        let clock = self.engine.clock();
        let store = &**self.engine.store();
        let budget = &self.engine.budgets.claims;
        let loads = identities.map(async |identity| {
            let load = || store.load(identity.record);
            let sent = send_twice(clock, budget, CLAIM_PATIENCE, load).await;
            Ok(sent.answer?.map(|record| (identity, record)))
        });
        let found: Result<Vec<_>, StoreError> = join_all(loads).await.into_iter().collect();
        match found {
            Ok(found) => Ok(found.into_iter().flatten().collect()),
            Err(error) => {
                let complaints = &self.engine.complaints;
                complaints.complain(clock, Failed::Claim, &error);
                Err(error)
            }
        }
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

/// Which record a call should rather find: the one that says most.
fn rank(record: &Record) -> u8 {
    match record.state {
        State::Done { .. } => 0,
        State::Running { .. } if !is_left_behind(record) => 1,
        State::Running { .. } => 2,
    }
}

fn is_left_behind(record: &Record) -> bool {
    matches!(
        record.state,
        State::Running {
            abandoned: true,
            ..
        }
    )
}
