//! Rows, and the times from which they may be swept.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::clock::Timestamp;
use crate::identity::RecordId;
use crate::store::transition::{Change, Phase, Row};

/// Some of the rows, under one lock.
#[derive(Default)]
pub(super) struct Shard {
    pub(super) rows: HashMap<RecordId, Row, BuildHasherDefault<IdHasher>>,
    /// Finished rows, by the time from which they may be swept.
    pub(super) removable: Times,
    /// Running rows, by the time from which they may be swept if nobody comes back. There are few of them, so this
    /// costs claims and completions little.
    lapsing: Times,
}

type Times = BTreeSet<(Timestamp, RecordId)>;

impl Shard {
    /// The clock is read under the lock, so times are in the order of the steps.
    pub(super) fn step<A>(
        &mut self,
        record: RecordId,
        now: impl FnOnce() -> Timestamp,
        decide: impl FnOnce(Option<&Row>, Timestamp) -> (Change, A),
    ) -> A {
        let now = now();
        match self.rows.entry(record) {
            Entry::Vacant(entry) => {
                let (change, answer) = decide(None, now);
                if let Change::Put(row) = change {
                    let row = entry.insert(row);
                    let times = times_of(row, &mut self.removable, &mut self.lapsing);
                    times.extend(row.removable_from().map(|at| (at, record)));
                }
                answer
            }
            Entry::Occupied(mut entry) => {
                let (change, answer) = decide(Some(entry.get()), now);
                if !matches!(change, Change::Keep)
                    && let Some(at) = entry.get().removable_from()
                {
                    let times = times_of(entry.get(), &mut self.removable, &mut self.lapsing);
                    times.remove(&(at, record));
                }
                match change {
                    Change::Keep => {}
                    Change::Put(row) => {
                        let times = times_of(&row, &mut self.removable, &mut self.lapsing);
                        times.extend(row.removable_from().map(|at| (at, record)));
                        entry.insert(row);
                    }
                    Change::Remove => {
                        entry.remove();
                    }
                }
                answer
            }
        }
    }

    pub(super) fn sweep(&mut self, limit: usize, now: Timestamp) -> usize {
        let mut swept = 0;
        for times in [&mut self.removable, &mut self.lapsing] {
            while swept < limit && times.first().is_some_and(|(at, _)| *at <= now) {
                if let Some((_, record)) = times.pop_first() {
                    self.rows.remove(&record);
                    swept += 1;
                }
            }
        }
        swept
    }
}

/// The set that contains a row's time.
fn times_of<'a>(row: &Row, finished: &'a mut Times, running: &'a mut Times) -> &'a mut Times {
    match row.phase {
        Phase::Running { .. } => running,
        Phase::Released { .. } | Phase::Done { .. } => finished,
    }
}

/// Takes the first bytes of a record id as they are: an id is a SHA-256 already.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {
        // The length before the bytes is always the same.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn ids_are_hashed_to_their_own_first_bytes() {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&7_u64.to_le_bytes());
        let build = BuildHasherDefault::<IdHasher>::default();
        assert_eq!(build.hash_one(RecordId::from_bytes(bytes)), 7);
    }
}
