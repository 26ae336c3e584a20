//! The steps of the store: what each sends, and what its caller is told.

use std::collections::HashSet;

use super::arguments::{Argument, Statement, label};
use super::dialect::Array;
use super::error::{lacks_partition, to_store_error};
use super::layout::Layout;
use super::partitions::Days;
use super::rows;
use super::statements::Statements;
use super::survives;
use super::wire::{Failed, Wire};
use crate::identity::{AttemptId, RecordId};
use crate::store::columns::{claimed, millis};
use crate::store::sql::arguments::{held, of_claim};
use crate::store::sql::lane::Lane;
use crate::store::sql::names::Names;
use crate::store::sql::steps::{KeptChanging, LOOKS, fence};
use crate::store::{Claim, Claimed, Fence, Record, Renewal, StoreError, Survives, transition};

/// The most leases that one statement renews.
const RENEWED_AT_ONCE: usize = 500;

/// What all clones of a store share.
pub(super) struct Shared {
    pub(super) wire: Wire,
    pub(super) names: Names,
    pub(super) layout: Layout,
    pub(super) statements: Statements,
}

impl Shared {
    pub(super) fn days(&self) -> Days<'_> {
        Days::new(&self.wire, &self.names)
    }

    pub(super) async fn claim(&self, claim: Claim) -> Result<Claimed, StoreError> {
        for _ in 0..LOOKS {
            let Some(row) = self.fetch_claim(&claim).await?.pop() else {
                continue;
            };
            let (now, row) = rows::read(&row)?;
            if let Some(claimed) = claimed(Some(&row), &claim, now) {
                return Ok(claimed);
            }
        }
        Err(StoreError::unknown(KeptChanging))
    }

    /// If the row's day has no partition, because nothing was swept for days, this makes the day first.
    async fn fetch_claim(&self, claim: &Claim) -> Result<Vec<sqlx::postgres::PgRow>, Failed> {
        let statement = &self.statements.claim;
        let sent = self.wire.fetch(Lane::Claims, statement, values_of(claim));
        match sent.await {
            Err(Failed::Sent(error)) if lacks_partition(&error) => {
                self.days().make(Lane::Claims).await?;
                self.wire
                    .fetch(Lane::Claims, statement, values_of(claim))
                    .await
            }
            rows => rows,
        }
    }

    pub(super) async fn withdraw(&self, claim: Claim) -> Result<Fence, StoreError> {
        let statement = &self.statements.withdraw;
        let sent = self
            .wire
            .execute(Lane::Attempts, statement, values_of(&claim));
        let changed = match sent.await {
            Err(Failed::Sent(error)) if lacks_partition(&error) => {
                self.days().make(Lane::Attempts).await?;
                self.wire
                    .execute(Lane::Attempts, statement, values_of(&claim))
                    .await?
            }
            changed => changed?,
        };
        Ok(fence(changed))
    }

    /// Carries out a step of an attempt, which changes the row if the attempt holds it.
    pub(super) async fn fenced(
        &self,
        statement: fn(&Statements) -> &Statement,
        values: Vec<Argument>,
    ) -> Result<Fence, StoreError> {
        let statement = statement(&self.statements);
        let changed = self.wire.execute(Lane::Attempts, statement, values).await?;
        Ok(fence(changed))
    }

    pub(super) async fn renew(&self, renewal: Renewal) -> Result<Fence, StoreError> {
        let mut values = held(renewal.record, renewal.attempt);
        values.push(Argument::int(millis(renewal.lease)));
        self.fenced(|it| &it.renew, values).await
    }

    /// Renews in one statement. It leaves out a row that another step has just locked, which is then renewed alone.
    pub(super) async fn renew_all(&self, renewals: Vec<Renewal>) -> Vec<Result<Fence, StoreError>> {
        let mut answers = Vec::with_capacity(renewals.len());
        for renewals in renewals.chunks(RENEWED_AT_ONCE) {
            // If this fails, each is sent by itself and gets an error of its own.
            let renewed = match renewals {
                [_] => HashSet::new(),
                _ => self.renew_together(renewals).await.unwrap_or_default(),
            };
            let each = renewals.iter().map(|it| async {
                if renewed.contains(&(it.record, it.attempt)) {
                    Ok(Fence::Held)
                } else {
                    self.renew(*it).await
                }
            });
            answers.extend(futures_util::future::join_all(each).await);
        }
        answers
    }

    async fn renew_together(
        &self,
        renewals: &[Renewal],
    ) -> Result<HashSet<(RecordId, AttemptId)>, StoreError> {
        let bytes = |of: fn(&Renewal) -> &[u8]| {
            let all = renewals.iter().map(|it| of(it).to_vec());
            Argument::Special(Array::Bytes(all.collect()))
        };
        let leases = renewals.iter().map(|it| millis(it.lease)).collect();
        let values = vec![
            bytes(|it| it.record.as_bytes()),
            bytes(|it| it.attempt.as_bytes()),
            Argument::Special(Array::Ints(leases)),
        ];
        let statement = &self.statements.renew_all;
        let rows = self.wire.fetch(Lane::Attempts, statement, values).await?;
        rows.iter().map(rows::read_renewed).collect()
    }

    pub(super) async fn load(&self, record: RecordId) -> Result<Option<Record>, StoreError> {
        // With room for the time.
        let mut values = Vec::with_capacity(2);
        values.push(Argument::bytes(record.as_bytes()));
        let statement = &self.statements.load;
        let rows = self.wire.fetch(Lane::Claims, statement, values).await?;
        let row = rows.first().map(rows::read).transpose()?;
        Ok(row.and_then(|(now, row)| transition::load(Some(&row), now)))
    }

    pub(super) async fn survives(&self) -> Result<Survives, StoreError> {
        let rows = self.wire.send(Lane::Claims, survives::SETTINGS).await?;
        let survives = rows.first().ok_or(sqlx::Error::RowNotFound);
        survives.and_then(survives::read).map_err(to_store_error)
    }
}

/// The values of claims and withdrawals.
fn values_of(claim: &Claim) -> Vec<Argument> {
    let mut values = Vec::with_capacity(11);
    values.extend(of_claim(claim));
    values.push(label(claim.label.namespace()));
    values.push(label(claim.label.operation()));
    values
}
