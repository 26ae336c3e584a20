//! The one task that writes.
//!
//! It gathers waiting steps into a batch and commits them in one transaction, so a hundred steps cost one sync of the
//! disk. This delays nothing: a batch is what came in while the last one was written.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::connection::{self, Connector};
use super::error::BatchFailure;
use super::lanes::Lanes;
use super::pages;
use super::rows::{self, Changes, is_as_claimed};
use super::step::{Access, Listing, Message, Step, Sweep};
use super::texts::Texts;
use crate::clock::{Steady, Timestamp};
use crate::identity::RecordId;
use crate::store::StoreError;
use crate::store::columns::CorruptColumn;
use crate::store::transition::{Change, Row};

/// Owns the connection that writes.
pub(super) struct Writer {
    pub(super) queue: Lanes,
    pub(super) clock: Steady,
    pub(super) connector: Connector,
    /// Absent after a failure, until the next batch.
    pub(super) connection: Option<SqliteConnection>,
    pub(super) texts: Texts,
}

#[derive(Default)]
struct Batch {
    steps: Vec<Box<dyn Step>>,
    listings: Vec<Listing>,
    sweeps: Vec<Sweep>,
}

impl Writer {
    /// Works until the last handle is gone or one asks to close, and everything that was queued is finished.
    pub(super) async fn run(mut self) {
        let mut closed: Vec<oneshot::Sender<()>> = Vec::new();
        loop {
            let messages = self.queue.take().await;
            if messages.is_empty() {
                break;
            }
            let mut batch = Batch::default();
            for message in messages {
                match message {
                    Message::Step(step) => batch.steps.push(step),
                    Message::List(listing) => batch.listings.push(listing),
                    Message::Sweep(sweep) => batch.sweeps.push(sweep),
                    Message::Close(reply) => {
                        self.queue.close();
                        closed.push(reply);
                    }
                }
            }
            self.settle(batch).await;
        }
        self.disconnect().await;
        for reply in closed {
            // The one who asked may have left.
            let _ = reply.send(());
        }
    }

    async fn settle(&mut self, mut batch: Batch) {
        let failure = match self.write(&mut batch).await {
            Ok(()) => None,
            Err(error) => {
                // The end of its connection rolls the transaction back, whatever state it is in.
                self.disconnect().await;
                Some(error)
            }
        };
        batch.answer(failure.as_ref());
    }

    /// Decides and commits the whole batch or nothing.
    async fn write(&mut self, batch: &mut Batch) -> Result<(), BatchFailure> {
        let before_commit = BatchFailure::before_commit;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.connector.connect().await.map_err(before_commit)?),
        };
        // A write lock from the start, so what is read here still holds when it is written. Reads alone need no lock.
        let begin = batch.writes();
        let texts = &mut self.texts;
        let stored = rows::load(connection, texts, begin, &batch.records())
            .await
            .map_err(before_commit)?;
        let mut overlay = Overlay::new(stored);
        // Read once the lock is held, so times are in the order of the transactions.
        let now = self.clock.now();
        for step in &mut batch.steps {
            overlay.decide(step.as_mut(), now);
        }
        for listing in &mut batch.listings {
            listing.page = pages::read(connection, &listing.list, listing.start, now)
                .await
                .map_err(before_commit)?;
        }
        if !begin {
            return Ok(());
        }
        let changes = overlay.changes();
        if batch.sweeps.is_empty() {
            let stored = rows::store(connection, texts, &changes, now, true).await;
            return stored.map_err(BatchFailure::at_commit);
        }
        rows::store(connection, texts, &changes, now, false)
            .await
            .map_err(before_commit)?;
        for sweep in &mut batch.sweeps {
            sweep.swept = rows::sweep(connection, sweep.limit, now)
                .await
                .map_err(before_commit)?;
        }
        rows::store(connection, texts, &Changes::default(), now, true)
            .await
            .map_err(BatchFailure::at_commit)
    }

    async fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection::close(connection).await;
        }
    }
}

impl Batch {
    fn writes(&self) -> bool {
        !self.sweeps.is_empty() || self.steps.iter().any(|step| step.access() == Access::Write)
    }

    /// Each record once, in an order that keeps neighbours in the index together.
    fn records(&self) -> Vec<RecordId> {
        let mut records: Vec<_> = self.steps.iter().map(|step| step.record()).collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    fn answer(self, failure: Option<&BatchFailure>) {
        for step in self.steps {
            step.answer(failure.map(BatchFailure::to_store_error));
        }
        for listing in self.listings {
            listing.answer(failure);
        }
        for sweep in self.sweeps {
            sweep.answer(failure);
        }
    }
}

/// The rows of a batch as its steps change them, one after the other.
struct Overlay {
    slots: HashMap<RecordId, Slot>,
}

struct Slot {
    row: Result<Option<Row>, Arc<CorruptColumn>>,
    /// Whether the file has a row.
    stored: bool,
    changed: bool,
}

impl Overlay {
    fn new(stored: Vec<rows::Stored>) -> Self {
        let slots = stored.into_iter().map(|(record, row)| {
            let slot = Slot {
                row: row.map(Some).map_err(Arc::new),
                stored: true,
                changed: false,
            };
            (record, slot)
        });
        Self {
            slots: slots.collect(),
        }
    }

    fn decide(&mut self, step: &mut dyn Step, now: Timestamp) {
        let slot = match self.slots.entry(step.record()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Slot {
                row: Ok(None),
                stored: false,
                changed: false,
            }),
        };
        let row = match &slot.row {
            Ok(row) => Ok(row.as_ref()),
            Err(corrupt) => Err(StoreError::corrupt(Arc::clone(corrupt))),
        };
        slot.row = match step.decide(row, now) {
            Change::Keep => return,
            Change::Put(row) => Ok(Some(row)),
            Change::Remove => Ok(None),
        };
        slot.changed = true;
    }

    /// The rows to write and the records to remove.
    fn changes(&self) -> Changes<'_> {
        let mut changes = Changes::default();
        for (record, slot) in self.slots.iter().filter(|(_, slot)| slot.changed) {
            match &slot.row {
                Ok(Some(row)) if !slot.stored && is_as_claimed(row) => {
                    changes.claimed.push((*record, row));
                }
                Ok(Some(row)) => changes.put.push((*record, row)),
                Ok(None) if slot.stored => changes.removed.push(*record),
                _ => {}
            }
        }
        changes.claimed.sort_unstable_by_key(|(record, _)| *record);
        changes.put.sort_unstable_by_key(|(record, _)| *record);
        changes
    }
}
