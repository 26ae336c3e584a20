//! Steps that look at many records: listings and sweeps.

use super::arguments::Argument;
use super::rows;
use super::steps::Shared;
use crate::identity::RecordId;
use crate::store::columns::{millis, state};
use crate::store::sql::lane::Lane;
use crate::store::sql::pages::page;
use crate::store::{List, Page, StoreError, Which};

/// The most rows that a page of a listing looks at. They are small, and many of them may not match.
const LOOKED_AT: usize = 1_000;

/// The most rows that one statement sweeps: so few that a claim of one of them waits for milliseconds.
const SWEEP_AT_ONCE: usize = 500;

/// The least id.
const FIRST: RecordId = RecordId::from_bytes([0; 32]);

impl Shared {
    pub(super) async fn list(&self, list: List) -> Result<Page, StoreError> {
        let begins = Begin::of(&list)?;
        let statement = match list.which {
            Which::Abandoned | Which::RunningLongerThan(_) => &self.statements.list_running,
            Which::ExpiringWithin(_) => &self.statements.list_expiring,
            Which::All | Which::Done | Which::DoneWith(_) => &self.statements.list_all,
        };
        let Some(begins) = begins else {
            return Ok(Page::default());
        };
        let within = match list.which {
            Which::ExpiringWithin(time) => Some(millis(time)),
            _ => None,
        };
        let values = self.values([
            Argument::count(LOOKED_AT),
            Argument::bytes(begins.record.as_bytes()),
            Argument::int(begins.expires_at),
            Argument::Int(within),
        ]);
        let rows = self.wire.ask(Lane::Claims, statement, &values).await?.rows;
        page(
            &list,
            rows.len() < LOOKED_AT,
            rows.iter().map(rows::read_listed),
        )
    }

    /// Removes expired rows, and then those that were abandoned so long ago that they count as absent.
    pub(super) async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let mut swept = 0;
        while swept < limit {
            let at_once = SWEEP_AT_ONCE.min(limit - swept);
            let removed = self.sweep_expired(at_once).await?;
            swept += removed;
            // Somebody who sweeps at the same time has removed what this sweep found. The rest is left to the next
            // sweep.
            if removed < at_once {
                break;
            }
        }
        let mut from = Some(FIRST);
        while let Some(first) = from.filter(|_| swept < limit) {
            let found = self.look_at_running(first).await?;
            self.keep_for_ever(found.kept).await?;
            let most = limit - swept;
            swept += self.remove(found.removable.into_iter().take(most)).await?;
            from = found.next;
        }
        Ok(swept)
    }

    /// Moves what an earlier release kept for ever to its place in the index, away from the running rows.
    pub(super) async fn find_place_for_ever(&self) -> Result<(), StoreError> {
        let mut from = Some(FIRST);
        while let Some(first) = from {
            let found = self.look_at_running(first).await?;
            self.keep_for_ever(found.kept).await?;
            from = found.next;
        }
        Ok(())
    }

    /// Finds rows without locking them, and removes those that may still be removed.
    async fn sweep_expired(&self, at_once: usize) -> Result<usize, StoreError> {
        let values = self.values([Argument::count(at_once)]);
        let expired = &self.statements.expired;
        let found = self.wire.ask(Lane::Claims, expired, &values).await?.rows;
        let mut records = Vec::with_capacity(found.len());
        for row in &found {
            records.push(rows::id(row, 0)?);
        }
        self.remove(records).await
    }

    /// A page of the rows without an end, read without locks.
    async fn look_at_running(&self, first: RecordId) -> Result<Found, StoreError> {
        let values = self.values([
            Argument::count(SWEEP_AT_ONCE),
            Argument::bytes(first.as_bytes()),
        ]);
        let running = &self.statements.running;
        let rows = self.wire.ask(Lane::Claims, running, &values).await?.rows;
        let mut found = Found::default();
        for row in &rows {
            let record = rows::id(row, 0)?;
            let (state, removable): (i16, bool) = rows::standing(row)?;
            if removable {
                found.removable.push(record);
            } else if state >= state::COMPLETED {
                found.kept.push(record);
            }
        }
        if rows.len() == SWEEP_AT_ONCE {
            found.next = rows
                .last()
                .map(|row| rows::id(row, 0))
                .transpose()?
                .and_then(behind);
        }
        Ok(found)
    }

    async fn keep_for_ever(&self, records: Vec<RecordId>) -> Result<(), StoreError> {
        if !records.is_empty() {
            let statement = self.statements.many.keep_for_ever(records.len());
            let values = self.values(records.iter().map(id));
            self.wire
                .ask_as_text(Lane::Claims, &statement, &values)
                .await?;
        }
        Ok(())
    }

    async fn remove(
        &self,
        records: impl IntoIterator<Item = RecordId>,
    ) -> Result<usize, StoreError> {
        let records: Vec<_> = records.into_iter().collect();
        if records.is_empty() {
            return Ok(0);
        }
        // As text, because every number of rows has a statement of its own.
        let statement = self.statements.many.remove(records.len());
        let values = self.values(records.iter().map(id));
        let removed = self
            .wire
            .ask_as_text(Lane::Claims, &statement, &values)
            .await?;
        Ok(usize::try_from(removed.affected).unwrap_or(usize::MAX))
    }
}

/// What a page of rows without an end holds.
#[derive(Default)]
struct Found {
    removable: Vec<RecordId>,
    /// Done for ever, by an earlier release, which gave such rows no end.
    kept: Vec<RecordId>,
    /// Where the next page begins.
    next: Option<RecordId>,
}

fn id(record: &RecordId) -> Argument {
    Argument::bytes(record.as_bytes())
}

/// Where a page begins.
struct Begin {
    record: RecordId,
    /// Of a listing of what expires: the earliest end, behind whose earlier ids the page begins.
    expires_at: i64,
}

impl Begin {
    /// `None` behind the last id of all.
    fn of(list: &List) -> Result<Option<Self>, StoreError> {
        let after = match list.which {
            Which::ExpiringWithin(_) => list
                .after_moment()?
                .map(|(at, record)| (at.as_millis(), record)),
            _ => list.after_record()?.map(|record| (i64::MIN, record)),
        };
        let Some((expires_at, record)) = after else {
            return Ok(Some(Self {
                record: FIRST,
                expires_at: i64::MIN,
            }));
        };
        Ok(match (list.which, behind(record)) {
            (_, Some(record)) => Some(Self { record, expires_at }),
            (Which::ExpiringWithin(_), None) => Some(Self {
                record: FIRST,
                expires_at: expires_at.saturating_add(1),
            }),
            (_, None) => None,
        })
    }
}

/// The next id; `None` behind the last one.
fn behind(record: RecordId) -> Option<RecordId> {
    let mut bytes = *record.as_bytes();
    for byte in bytes.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return Some(RecordId::from_bytes(bytes));
        }
    }
    None
}
